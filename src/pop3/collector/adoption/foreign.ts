// What another collector left: the mailboxes it fetched from, and the messages that it has fetched. Parsers make these out of
// text that anybody may have written; nothing here was checked against a server.

import { isLoopbackAddress } from '../../../net/limits.ts'

export type ForeignProgram = 'fetchmail' | 'getmail' | 'mpop' | 'Thunderbird'

/** A password that stands in a foreign file. It shows itself to nobody who does not ask for it. */
export class ForeignPassword {
  readonly file: string
  /** From 1 on. */
  readonly line: number
  readonly #text: string

  constructor(text: string, file: string, line: number) {
    this.#text = text
    this.file = file
    this.line = line
  }

  reveal(): string {
    return this.#text
  }
}

export type ForeignSecret =
  | { readonly kind: 'in-file'; readonly password: ForeignPassword }
  /** One string is for a shell; words are a program and its arguments. */
  | { readonly kind: 'command'; readonly command: string | readonly string[] }
  | { readonly kind: 'netrc'; readonly file: string | undefined }
  /** In the keyring of the desktop. */
  | { readonly kind: 'keyring' }
  /** Asked for each time, or kept where nobody else can read it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'oauth' }

/** `stls`: STLS or STARTTLS, or no session. `none`: in clear, which is taken over on loopback only. */
export type ForeignTls = 'implicit' | 'stls' | 'none'

export type ForeignKeep = 'all' | 'none' | { readonly days: number }

/** A mailbox that the program fetches from, in our terms. */
export interface ForeignSource {
  readonly program: ForeignProgram
  /** The file that tells of it. */
  readonly file: string
  /** What the program calls it. */
  readonly label: string
  readonly protocol: 'pop3' | 'imap'
  readonly host: string
  /** Undefined: the protocol's own. */
  readonly port: number | undefined
  /** Undefined: nobody said. */
  readonly user: string | undefined
  readonly tls: ForeignTls
  readonly secret: ForeignSecret
  readonly keep: ForeignKeep
  /** Destinations as our configuration writes them; empty where none can be said. */
  readonly to: readonly string[]
  /** IMAP only; empty: INBOX. */
  readonly folders: readonly string[]
  /** Of authorities that are trusted besides, in PEM. */
  readonly authorityFile?: string | undefined
  /** `socks5h://host:port` */
  readonly proxy?: string | undefined
  /** 0: by hand only. */
  readonly everyMs?: number | undefined
  readonly maxOctets?: number | undefined
  /** Messages of one run. */
  readonly batch?: number | undefined
  /** Messages between two deletions that are committed. */
  readonly commitEvery?: number | undefined
  /** Where the program keeps what it has fetched of it. */
  readonly stateFiles: readonly string[]
  /** Sentences, each of something that is not taken over, or not as it was. */
  readonly remarks: readonly string[]
}

/** One message that was fetched. */
export interface KnownMessage {
  /** Of the ledger: the UIDL; of IMAP folder, UIDVALIDITY and UID. */
  readonly key: string
  /** When it was fetched, where the file tells. */
  readonly storedAt: Date | undefined
}

/** What one program has fetched of one mailbox. */
export interface ForeignKnown {
  readonly program: ForeignProgram
  readonly file: string
  readonly host: string
  readonly user: string
  /** Undefined where the file does not tell. */
  readonly port: number | undefined
  /** No key twice. */
  readonly messages: readonly KnownMessage[]
  /** UIDLs with `/` stand there with `-` instead. */
  readonly hasFoldedSlashes?: boolean
  readonly remarks: readonly string[]
}

/** A file that is not what it should be; the sentence names it and the line, and quotes nothing that may be a password. */
export class ForeignFileError extends Error {
  override readonly name = 'ForeignFileError'
}

/** What of a parser stands in the one file and of the machine it came from. */
export interface ForeignPlace {
  readonly file: string
  /** What `~` means in it. */
  readonly home: string
}

/** `~/x` and `$HOME/x` as the programs read them. */
export function expandHome(path: string, { home }: Pick<ForeignPlace, 'home'>): string {
  return path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, () => home)
}

/** `none` on loopback only: else TLS is asked for, and the sentence says so. */
export function cautiousTls(host: string, program: ForeignProgram): { tls: ForeignTls; remarks: string[] } {
  if (host.toLowerCase() === 'localhost' || isLoopbackAddress(host)) return { tls: 'none', remarks: [] }
  const remark = `${program} talks to ${host} in clear; here STLS is asked for (\`tls = "none"\` and \`allow_cleartext\` where the server has none)`
  return { tls: 'stls', remarks: [remark] }
}
