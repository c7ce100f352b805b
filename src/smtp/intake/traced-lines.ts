// What a tracer is shown of a session: commands of the table with what they may carry, and of every other line its length
// alone. Behind AUTH and its mechanism there are secrets, whether or not it is offered.
import type { TracedLine } from '../../net/observer.ts'

const oneWord = /^ *\S+$/
const path = (word: string) => new RegExp(`^ +${word}: *<[^<>]*>( +[A-Za-z0-9-]+(=\\S+)?)*$`, 'i')
const nothing = /^$/
const mechanism = /^ +(?:PLAIN|LOGIN|EXTERNAL|CRAM-MD5|SCRAM-SHA-(?:1|256)(?:-PLUS)?|XOAUTH2|OAUTHBEARER)$/i

/** Verbs, and what behind them may be shown. */
const shownCommands: Readonly<Record<string, RegExp>> = {
  EHLO: oneWord,
  HELO: oneWord,
  LHLO: oneWord,
  MAIL: path('FROM'),
  RCPT: path('TO'),
  DATA: nothing,
  RSET: nothing,
  NOOP: nothing,
  QUIT: nothing,
  HELP: nothing,
  VRFY: nothing,
  EXPN: nothing,
  STARTTLS: nothing,
  AUTH: mechanism,
}

/** RFC 4954 section 4. */
const challengeCode = 334

/** The verb of the table that a line begins with, in capitals; `other` when there is none. */
export function observedVerb(line: Uint8Array): string {
  const [word = ''] = Buffer.from(line.subarray(0, 16))
    .toString('latin1')
    .split(/[ \t\r\n]/, 1)
  const verb = word.toUpperCase()
  return Object.hasOwn(shownCommands, verb) ? verb : 'other'
}

export function tracedCommand(line: Uint8Array): TracedLine {
  const text = Buffer.from(line).toString('latin1').trimEnd()
  const verb = observedVerb(line)
  const shown = shownCommands[verb]
  if (shown === undefined) return { from: 'client', text: `<no command, ${text.length} octets>` }
  const behind = text.slice(verb.length)
  return { from: 'client', text: shown.test(behind) ? text : `${verb} <${behind.length - 1} octets>` }
}

/** A response of AUTH. */
export function tracedResponse(line: Uint8Array): TracedLine {
  return { from: 'client', text: `<${line.length} octets>` }
}

/** The lines of one reply, RFC 5321 section 4.2; `status` is the enhanced status code that each begins with, if any. */
export function tracedReply(
  code: number,
  data: string | readonly string[] | null | undefined,
  status: string | false = false,
): TracedLine[] {
  const lines = typeof data === 'string' ? [data] : (data ?? [''])
  if (code === challengeCode) return [{ from: 'server', text: `${code} <${lines.join('').length} octets>` }]
  return lines.map((line, index) => ({
    from: 'server',
    text: `${code}${index < lines.length - 1 ? '-' : ' '}${status ? `${status} ` : ''}${line}`,
  }))
}

/** What came of a command, in the words of `Observer.command`. */
export function resultOf(code: number): string {
  if (code >= 300 && code < 400) return 'continue'
  return code < 300 ? 'ok' : String(code)
}
