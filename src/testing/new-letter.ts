// What a test wants delivered, as octets and envelope: either it has them, or they are composed by nodemailer.
import type { Options } from 'nodemailer/lib/mail-composer'

export interface NewAttachment {
  readonly filename: string
  readonly content: string | Uint8Array
  /** Default: by the name. */
  readonly contentType?: string
  /** For `cid:` in the HTML. */
  readonly contentId?: string
}

export interface NewLetter {
  /** Addresses, or names at the office's domain. */
  readonly to: string | readonly string[]
  /** Default: `sender@example.com`. */
  readonly from?: string
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly attachments?: readonly NewAttachment[]
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the time of the office. */
  readonly date?: Date
}

export interface LetterEnvelope {
  readonly from: string
  readonly to: readonly string[]
}

const defaultSender = 'sender@example.com'

/** A message and where it goes. `domain` completes names without one, `now` is the date of a letter that has none. */
export async function composeLetter(
  letter: NewLetter,
  { domain, now }: { readonly domain: string; readonly now: Date },
): Promise<{ readonly octets: Uint8Array; readonly envelope: LetterEnvelope }> {
  // A test that hands in no letter need not wait for what writes them.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const { from = defaultSender, attachments = [] } = letter
  const to = [letter.to].flat().map(address => (address.includes('@') ? address : `${address}@${domain}`))
  const options: Options = {
    disableFileAccess: true,
    disableUrlAccess: true,
    from,
    to,
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    date: letter.date ?? now,
    headers: { ...letter.headers },
    attachments: attachments.map(({ filename, content, contentType, contentId }) => ({
      filename,
      content: typeof content === 'string' ? content : Buffer.from(content),
      contentType,
      cid: contentId,
    })),
  }
  const node = new MailComposer(options).compile()
  const envelope = node.getEnvelope()
  const octets = await new Promise<Uint8Array>((resolve, reject) => {
    node.build((error, message) => (error ? reject(error) : resolve(message)))
  })
  return { octets, envelope: { from: String(envelope.from), to: envelope.to } }
}

/** The envelope that the header of a message asks for. */
export async function envelopeOf(octets: Uint8Array | string): Promise<LetterEnvelope> {
  const { default: PostalMime } = await import('postal-mime')
  const { from, to = [], cc = [], bcc = [] } = await PostalMime.parse(octets)
  const recipients = [...to, ...cc, ...bcc].flatMap(each => each.group ?? [each])
  return { from: from?.address ?? defaultSender, to: recipients.map(({ address }) => address) }
}
