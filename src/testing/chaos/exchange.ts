// One command and its reply as they pass by: what rules choose by, and what faults work on. RFC 1939 section 3.

/** The greeting is chosen by this verb: nobody has asked for it. */
export const greeting = 'GREETING'

export interface Exchange {
  /** In capitals, or `GREETING`. */
  readonly verb: string
  /** What stands behind the verb. */
  readonly argument: string
  /** Whom the client has claimed to be, last. */
  readonly user: string | undefined
}

export interface Reply {
  /** With its CRLF. Of AUTH it may be a challenge. Latin-1, as all text here. */
  readonly status: string
  /** The lines that follow, stuffed, the terminator among them; undefined where none do. */
  readonly body: string | undefined
}

const alwaysLong: ReadonlySet<string> = new Set(['RETR', 'TOP', 'CAPA'])
const longWithoutArgument: ReadonlySet<string> = new Set(['LIST', 'UIDL', 'AUTH', 'LANG'])

/** Whether lines follow a status line. */
export function hasBody({ verb, argument }: Exchange, status: string): boolean {
  if (!status.startsWith('+OK')) return false
  return alwaysLong.has(verb) || (longWithoutArgument.has(verb) && argument === '')
}

export function isChallenge(status: string): boolean {
  return status.startsWith('+') && !status.startsWith('+OK')
}

/** A line of the client, without its end. */
export function readCommand(line: string, user: string | undefined): Exchange {
  const [, word = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(line) ?? []
  const verb = word.toUpperCase()
  const claimed = verb === 'USER' ? argument : verb === 'APOP' ? argument.split(' ', 1)[0] : undefined
  return { verb, argument, user: claimed ?? user }
}

/** Who a response of AUTH claims to be; undefined where it does not say. Of LOGIN it is the first response. */
export function claimedIn(response: string, mechanism: string): string | undefined {
  const text = Buffer.from(response, 'base64').toString('utf8')
  const patterns: Readonly<Record<string, RegExp>> = {
    PLAIN: /^[^\0]*\0([^\0]+)\0/,
    LOGIN: /^(.+)$/s,
    'CRAM-MD5': /^(.+) [0-9a-f]{32}$/,
    XOAUTH2: /^user=([^\x01]+)\x01/,
    OAUTHBEARER: /^n,a=([^,]+),/,
  }
  const pattern =
    patterns[mechanism] ?? (mechanism.startsWith('SCRAM-') ? /^[ynp][^,]*,[^,]*,n=([^,]+),/ : undefined)
  return pattern?.exec(text)?.[1]
}
