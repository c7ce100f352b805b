// What a tracer is shown of a session: only what the grammar understood, and of that no secret. A line that is no command
// may be a password that was typed in the wrong place, so its length is all there is to see of it.
import type { TracedLine } from '../../net/observer.ts'
import { type Command, parseCommand, type Verb } from '../wire/command.ts'
import type { SessionState } from './state.ts'

/** Names of mechanisms that may be shown; another may be anything a client holds for one. */
const knownMechanism =
  /^(?:PLAIN|LOGIN|EXTERNAL|ANONYMOUS|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|GS2-KRB5(?:-PLUS)?|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?|OAUTHBEARER|XOAUTH2)$/i

type Shown<V extends Verb> = (command: Extract<Command, { verb: V }>, line: Uint8Array) => Partial<TracedLine>

/** Commands that can carry no secret once they are understood; of all others the arguments are only counted. */
const plain: ReadonlySet<string> = new Set<Verb>([
  'STLS',
  'CAPA',
  'HELP',
  'LANG',
  'UTF8',
  'STAT',
  'LIST',
  'UIDL',
  'RETR',
  'TOP',
  'DELE',
  'RSET',
  'LAST',
  'NOOP',
  'QUIT',
])

/** Commands of whose arguments a part may be shown. */
const guarded: { readonly [V in 'USER' | 'PASS' | 'APOP' | 'AUTH']: Shown<V> } = {
  USER: ({ name }) => ({ text: 'USER ', claim: name }),
  PASS: () => ({ text: 'PASS <password>' }),
  APOP: ({ name }) => ({ text: 'APOP ', claim: name, rest: ' <digest>' }),
  AUTH: ({ mechanism, initial }, line) => ({ text: authText(mechanism, initial, line) }),
}

/** A line of the client, in the state that it comes in. */
export function tracedCommand(line: Uint8Array | undefined, state: SessionState['kind']): TracedLine {
  const from = 'client'
  if (line === undefined) return { from, text: '<line too long>' }
  if (state === 'authenticating') return { from, text: `<response, ${octets(line)}>` }
  const command = parseCommand(line)
  if (command.verb === undefined) return { from, text: `<no command, ${octets(line)}>` }
  const show = guarded[command.verb as keyof typeof guarded] as Shown<Verb> | undefined
  const { verb } = command
  const text =
    plain.has(verb) || line.length === verb.length
      ? latin1(line)
      : `${verb} <${octets(line.subarray(verb.length + 1))}>`
  return { from, text, ...show?.(command, line) }
}

/** The lines of an answer; those of a long listing and of a message are only counted, where they are sent. */
export function* tracedAnswer(text: string | Uint8Array): Generator<TracedLine> {
  const from = 'server'
  const lines = (typeof text === 'string' ? text : utf8(text)).split('\r\n').slice(0, -1)
  for (const line of lines) {
    // A challenge has no status; what it holds is between the mechanism and the client.
    yield { from, text: line.startsWith('+ ') ? `+ <challenge, ${line.length - 2} octets>` : line }
  }
}

/** What an answer says went well or not, in the words of `Observer.command`. */
export function resultOf(text: string | Uint8Array): string {
  // Those that are octets are the frequent ones: a look at the second says enough.
  if (typeof text !== 'string' && text[0] === 0x2b) return text[1] === 0x4f ? 'ok' : 'continue'
  const line = typeof text === 'string' ? text : latin1(text.subarray(0, 32))
  if (line.startsWith('+OK')) return 'ok'
  if (line.startsWith('+')) return 'continue'
  return line.startsWith('-ERR [') ? line.slice(6, line.indexOf(']')).toLowerCase() : 'err'
}

function authText(mechanism: string | undefined, initial: unknown, line: Uint8Array): string {
  if (mechanism === undefined) return 'AUTH'
  if (!knownMechanism.test(mechanism)) return `AUTH <no known mechanism, ${octets(line.subarray(5))}>`
  return `AUTH ${mechanism.toUpperCase()}${initial === undefined ? '' : ' <initial response>'}`
}

function octets({ length }: Uint8Array): string {
  return length === 1 ? '1 octet' : `${length} octets`
}

function utf8(text: Uint8Array): string {
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8')
}

function latin1(line: Uint8Array): string {
  return Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1')
}
