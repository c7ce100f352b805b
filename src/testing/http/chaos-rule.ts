// The rules of chaos as they come over HTTP, in step with the table of faults: the compiler holds that none is missing.
import { z } from 'zod'
import type { ChaosRule, RulePlace } from '../chaos/chaos.ts'
import type { FaultName, FaultOptions } from '../chaos/faults.ts'

type ShapeOf<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> }

const text = z.string().max(1_000)
const octets = z.int().min(-2_147_483_648).max(2_147_483_647)
const places = z.int().min(0).max(2_147_483_647)

const place: ShapeOf<RulePlace> = {
  protocol: z.enum(['pop3', 'smtp', 'lmtp']).optional(),
  verb: z
    .union([text, z.array(text).min(1).max(100)])
    .optional()
    .describe('One or several, `GREETING`, `END-OF-DATA`. Default: those of the fault.'),
  argument: text.optional().describe('Only where this stands behind the verb, in any case.'),
  nth: z.int().min(1).optional().describe('Only the nth command that fits, from now on.'),
  user: text.optional().describe('Whom the client has claimed to be.'),
  probability: z.number().min(0).max(1).optional(),
  seed: z.union([text, z.number()]).optional(),
}

const options: { readonly [N in FaultName]: ShapeOf<FaultOptions[N]> } = {
  drop: { afterOctets: places.optional() },
  stall: { afterOctets: places.optional() },
  trickle: {
    octets: z.int().min(1).max(1_000_000).optional(),
    everyMs: z.int().min(0).max(60_000).optional(),
  },
  delay: { ms: z.int().min(0).max(600_000).optional() },
  'wrong-size': { octets: octets.optional() },
  'duplicate-uidl': {},
  'changed-uidl': { each: z.enum(['command', 'session']).optional() },
  'numbered-uidl': {},
  'list-gap': { message: z.int().min(1).optional() },
  'empty-listing': {},
  'in-use': { text: text.optional() },
  'login-delay': { text: text.optional() },
  'sys-temp': { text: text.optional() },
  'expired-token': { status: text.optional() },
  reply: { text: text.optional() },
  'unstuffed-dot': {},
  'missing-dot': {},
  truncated: { lines: places.optional() },
  'lying-capa': { add: z.array(text).max(100).optional(), remove: z.array(text).max(100).optional() },
  'lying-ehlo': { add: z.array(text).max(100).optional(), remove: z.array(text).max(100).optional() },
  'stls-injection': { text: text.optional() },
  'starttls-injection': { text: text.optional() },
  garbage: { text: text.optional() },
  'no-answer': { carriedOut: z.boolean().optional() },
  'drop-data': { afterOctets: places.optional() },
}

const [first, ...others] = Object.entries(options).map(([fault, shape]) =>
  z.strictObject({ fault: z.literal(fault), ...shape, ...place }),
)
if (!first) throw new Error('there are no faults')

/** One of the faults, where it is made, and how it is tuned. */
// That the shapes are those of the type is what the table above is checked for.
export const chaosRuleSchema = z.discriminatedUnion('fault', [
  first,
  ...others,
]) as unknown as z.ZodType<ChaosRule>

const activeRuleSchema = z.object({ id: z.string(), rule: chaosRuleSchema })

export const addedRuleSchema = activeRuleSchema

export const chaosSchema = z.object({
  rules: z.array(activeRuleSchema).describe('Those that hold.'),
  injected: z
    .array(z.object({ rule: chaosRuleSchema, verb: z.string(), user: z.string().nullable() }))
    .describe('The faults that were made, the latest 1,000.'),
})
