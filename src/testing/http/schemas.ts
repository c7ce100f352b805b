// What goes over the HTTP API of a test office, as schemas: requests are checked by them, and the OpenAPI description is made
// from them. Shapes are those of `poplar-mail/testing`, null where a value is missing.
import { z } from 'zod'

const maxTextLength = 1_000
/** The longest one wait may take. */
export const maxWaitMs = 300_000
const defaultWaitMs = 10_000
const maxListed = 1_000

const text = z.string().max(maxTextLength)
const count = z.int().min(0)

const filter = {
  to: text
    .optional()
    .describe('An address of the envelope, Bcc as well; or a name at the domain of the office.'),
  from: text.optional().describe('The sender of the envelope, or the address in From.'),
  subject: text.optional().describe('What stands in the subject, without regard to case.'),
}

export const filterSchema = z.strictObject(filter)

export const listSchema = z.strictObject({
  ...filter,
  offset: z.coerce.number().int().min(0).default(0).describe('So many of the oldest are left out.'),
  limit: z.coerce.number().int().min(1).max(maxListed).default(100),
})

export const waitSchema = z.strictObject({
  ...filter,
  timeout: z.coerce.number().int().min(0).max(maxWaitMs).default(defaultWaitMs).describe('Milliseconds.'),
})

const addressSchema = z.object({ name: z.string(), address: z.string() })
const envelopeSchema = z
  .object({ from: z.string().describe('Empty for the null reverse-path.'), to: z.array(z.string()) })
  .describe('What SMTP was told.')

const attachmentSchema = z.object({
  filename: z.string().nullable(),
  contentType: z.string(),
  disposition: z.string().nullable(),
  contentId: z.string().nullable().describe('Without angle brackets.'),
  octets: count,
  path: z.string().describe('Where its octets are.'),
})

const summary = {
  id: z.string(),
  receivedAt: z.iso.datetime(),
  envelope: envelopeSchema,
  subject: z.string(),
  from: addressSchema.nullable(),
  to: z.array(addressSchema),
  octets: count,
}

export const summarySchema = z.object({ ...summary, attachments: count.describe('How many.') })

export const messageSchema = z.object({
  ...summary,
  cc: z.array(addressSchema),
  replyTo: z.array(addressSchema),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).describe('All fields, in order.'),
  text: z.string(),
  html: z.string(),
  links: z.array(z.string()).describe('Of the text, then of the HTML: in order, each once.'),
  codes: z.array(z.string()).describe('What looks like a one-time code, the likeliest first.'),
  attachments: z.array(attachmentSchema),
  fault: z.string().nullable().describe('Why its content could not be read.'),
})

export const messagesSchema = z.object({
  total: count.describe('How many fit.'),
  messages: z.array(summarySchema).describe('In the order in which they came.'),
})

export const deletedSchema = z.object({ deleted: count })

const newAttachmentSchema = z.strictObject({
  filename: text,
  content: z.string(),
  encoding: z.enum(['utf8', 'base64']).default('utf8').describe('Of the content.'),
  contentType: text.optional(),
  contentId: text.optional(),
})

const maxRecipients = 1_000
const recipients = z.union([text, z.array(text).min(1).max(maxRecipients)])

export const letterSchema = z.strictObject({
  to: recipients.describe('Addresses, or names at the domain of the office.'),
  from: text.optional(),
  subject: z.string().optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: z.array(newAttachmentSchema).max(100).optional(),
  headers: z.record(z.string().regex(/^[!-9;-~]+$/), text).optional(),
  date: z.iso.datetime().optional(),
})

/** Default: what the header says. */
export const rawEnvelopeSchema = z.strictObject({ from: text.optional(), to: recipients.optional() })

export const mailboxSchema = z.object({
  name: z.string(),
  address: z.string(),
  password: z.string(),
  token: z.string().describe('For OAUTHBEARER and XOAUTH2.'),
})

export const mailboxesSchema = z.object({ mailboxes: z.array(mailboxSchema) })

export const newMailboxSchema = z.strictObject({
  name: text.optional().describe('Without it, one that nobody has.'),
  password: text.min(1).optional(),
  token: text.min(1).optional(),
})

const session = {
  id: z.string(),
  protocol: z.string(),
  state: z.string(),
  user: z.string().nullable(),
  endedBy: z.string().nullable().describe('`quit` where it ended in good order; null while it goes on.'),
}

export const sessionsSchema = z.object({
  sessions: z
    .array(z.object({ ...session, lines: count.describe('How many.') }))
    .describe('In the order in which they began.'),
})

export const sessionListSchema = z.strictObject({
  protocol: text.optional(),
  user: text.optional().describe('The name of a mailbox.'),
})

export const sessionSchema = z.object({
  ...session,
  lines: z.array(
    z.object({ atMs: z.number(), from: z.enum(['client', 'server', 'note']), text: z.string() }),
  ),
  omitted: count.describe('Lines that came after these.'),
  transcript: z.string().describe('The same as `C: ` and `S: ` lines.'),
})

export const clockSchema = z.object({ now: z.iso.datetime() })
export const advanceSchema = z.strictObject({
  advanceMs: z
    .number()
    .min(0)
    .max(100 * 366 * 86_400_000),
})

const portSchema = z.object({ host: z.string(), port: z.int() })
export const officeSchema = z.object({
  hostname: z.string(),
  pop3: portSchema,
  pop3s: portSchema,
  smtp: portSchema,
  smtps: portSchema,
  lmtp: portSchema,
  certificate: z.string().describe('PEM: who trusts it has TLS with the office.'),
})

/** RFC 9457 section 3. */
export const problemSchema = z.object({
  status: z.int(),
  title: z.string(),
  detail: z.string(),
  mistakes: z
    .array(z.object({ in: z.enum(['query', 'body']), at: z.string(), problem: z.string() }))
    .optional()
    .describe('What of the request is not as it should be.'),
})
export type Problem = z.output<typeof problemSchema>
