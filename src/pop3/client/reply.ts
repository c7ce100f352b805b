// Status lines as servers really send them, RFC 1939 section 3 and RFC 2449 section 8: strict about what they mean, patient
// about how they are written.
export type ResponseCode = string

export interface Reply {
  /** `continue` is a challenge of AUTH, RFC 5034 section 4. */
  readonly status: 'ok' | 'err' | 'continue'
  /** In upper case, from the brackets at the beginning: `IN-USE`, `SYS/TEMP`. */
  readonly responseCode: ResponseCode | undefined
  /** What follows the status and the code, in UTF-8 where it is, else in latin1. */
  readonly text: string
}

/** The reply in a line without its line end; undefined when it is none. `+ERR` is one server's way of saying `-ERR`. */
export function parseReply(line: Buffer): Reply | undefined {
  // All that some servers say in front of each of a thousand messages.
  if (line.length === 3 && line.toString('latin1') === '+OK') return plainOk
  const text = line.toString('latin1')
  const match = /^(\+OK|-ERR|\+ERR|\+)(?:[ \t]+(.*)|[ \t]*)$/is.exec(text)
  if (!match) return undefined
  const [, word = '', behind = ''] = match
  const upper = word.toUpperCase()
  const status = upper === '+OK' ? 'ok' : upper === '+' ? 'continue' : 'err'
  const code = status === 'continue' ? undefined : /^\[([A-Za-z0-9/_-]{1,64})\][ \t]*/.exec(behind)
  const rest = code ? behind.slice(code[0].length) : behind
  return { status, responseCode: code?.[1]?.toUpperCase(), text: readable(rest) }
}

const plainOk: Reply = { status: 'ok', responseCode: undefined, text: '' }

function readable(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1
  const octets = Buffer.from(latin1, 'latin1')
  const text = octets.toString('utf8')
  return text.includes('�') ? latin1 : text
}

/** Which other service begins so, in words; undefined when that cannot be told. */
export function protocolOf(line: Buffer): string | undefined {
  if (line[0] === 0x15 || line[0] === 0x16) return 'TLS'
  const text = line.toString('latin1')
  return protocols.find(([pattern]) => pattern.test(text))?.[1]
}

const protocols: readonly (readonly [RegExp, string])[] = [
  [/^\* (?:OK|PREAUTH|BYE)\b/i, 'IMAP'],
  [/^220[ -]/, 'SMTP or FTP'],
  [/^SSH-/, 'SSH'],
  [/^HTTP\//i, 'HTTP'],
]
