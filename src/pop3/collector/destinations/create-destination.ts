// From the text by which a destination is configured to the destination. The text is its name in the ledger as well: what has
// got a message once is known by it.
import { commandWords } from '../../../mail/command-words.ts'
import type { MailDelivery } from '../../../mail/delivery/deliver.ts'
import type { KeptMail } from '../../../mail/kept-mail.ts'
import type { Trust } from '../../../net/tls/trust.ts'
import { type Destination, DestinationError } from '../destination.ts'
import { commandDestination } from './command.ts'
import { imapDestination } from './imap.ts'
import { lmtpDestination } from './lmtp.ts'
import type { DestinationSecret } from './login.ts'
import { mailboxDestination } from './mailbox.ts'
import { maildirDestination } from './maildir.ts'
import { mboxDestination } from './mbox.ts'
import { type RemoteUrl, remoteUrl, unixUrl } from './remote-url.ts'
import { smtpDestination } from './smtp.ts'

export interface DestinationParts {
  /** Of this office; undefined where there is none to deliver to. */
  readonly delivery: MailDelivery | undefined
  /** What it has in its mailboxes; undefined where nobody has to know. */
  readonly kept?: KeptMail | undefined
  /** How this host calls itself to servers. */
  readonly hostname: string
  /** Who logs in; default: the user in the URL. */
  readonly user?: string | undefined
  /** Asked before each login; undefined: nobody logs in. Throws `SecretError`. */
  readonly secret?: ((signal: AbortSignal) => Promise<DestinationSecret>) | undefined
  readonly trust?: Trust | undefined
}

type Maker = (text: string, rest: string, parts: DestinationParts) => Destination

/** By what stands before the first colon; what begins with none of them is an address of this office. */
const makers: Readonly<Record<string, Maker>> = {
  maildir: (text, path) => maildirDestination(text, absolute(text, path)),
  mbox: (text, path) => mboxDestination(text, absolute(text, path)),
  command: (text, rest) => {
    const [program, ...args] = commandWords(rest) ?? []
    if (program === undefined)
      throw fault(
        text,
        'names no program; a shell is not asked, so that nothing but words and quotes can stand there',
      )
    return commandDestination(text, [absolute(text, program), ...args])
  },
  lmtp: (text, _, parts) => {
    const url = remoteUrl(text, { port: 24, implicitPort: undefined, ...parts })
    return lmtpDestination(text, { ...serverOf(url, parts), recipient: url.path })
  },
  'lmtp+unix': (text, _, { hostname }) => {
    const { path, recipient } = unixUrl(text)
    return lmtpDestination(text, { address: { path }, tls: 'none', hostname, recipient })
  },
  smtp: (text, _, parts) => smtp(text, parts),
  smtps: (text, _, parts) => smtp(text, parts),
  imap: (text, _, parts) => imap(text, parts),
  imaps: (text, _, parts) => imap(text, parts),
}

/** Throws `DestinationError` `configuration` with a sentence that names the text. Connects to nothing. */
export function createDestination(text: string, parts: DestinationParts): Destination {
  const [, kind, rest = ''] = /^([a-z+]+):(.*)$/s.exec(text) ?? []
  if (kind !== undefined) {
    const maker = Object.hasOwn(makers, kind) ? makers[kind] : undefined
    if (!maker)
      throw fault(text, `is no destination: ${kind}: is none of ${Object.keys(makers).join(':, ')}:`)
    return maker(text, rest, parts)
  }
  if (!parts.delivery) throw fault(text, 'is an address of this office, which is not at hand')
  return mailboxDestination(text, text, parts.delivery, parts.kept)
}

function smtp(text: string, parts: DestinationParts): Destination {
  const url = remoteUrl(text, { port: 25, implicitPort: 465, ...parts })
  return smtpDestination(text, { ...serverOf(url, parts), recipient: url.path, reversePath: url.reversePath })
}

function imap(text: string, parts: DestinationParts): Destination {
  const url = remoteUrl(text, { port: 143, implicitPort: 993, ...parts })
  if (!url.login) throw fault(text, 'needs a user and the way to a password or token')
  const tls = url.tls === 'offered' ? 'required' : url.tls
  return imapDestination(text, { ...url, tls, login: url.login, trust: parts.trust, folder: url.path })
}

function serverOf({ host, port, tls, login }: RemoteUrl, { hostname, trust }: DestinationParts) {
  return { address: { host, port }, tls, login, trust, hostname }
}

function absolute(text: string, path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path
  throw fault(text, 'needs a path that begins with /')
}

function fault(text: string, sentence: string): DestinationError {
  return new DestinationError('configuration', `${JSON.stringify(text)} ${sentence}`)
}
