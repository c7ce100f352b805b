// The faults, each a row: at which commands it is made unless the rule says otherwise, and what becomes of the command or of
// its reply. Each was met at some server or some network in the wild.
import type { Random } from '../../conformance/random.ts'
import type { Exchange, Reply } from './exchange.ts'
import { mapLines, withSizes, withUidls } from './listing.ts'

/** What the client gets. */
export type Step =
  | { readonly kind: 'send'; readonly text: string }
  /** In pieces of so many octets, each a packet of its own. */
  | { readonly kind: 'trickle'; readonly text: string; readonly octets: number; readonly everyMs: number }
  /** Nothing more, for as long as the client stays. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'close' }

/** How each fault may be tuned. */
export interface FaultOptions {
  /** The connection ends within the reply. Default: after half of it. */
  readonly drop: { readonly afterOctets?: number }
  /** Nothing more comes within the reply, and the connection stays. Default: after half of it. */
  readonly stall: { readonly afterOctets?: number }
  /** The reply comes in packets of so many octets. Default 1, without a pause. */
  readonly trickle: { readonly octets?: number; readonly everyMs?: number }
  /** STAT and LIST tell sizes that are so much too large; may be negative. Default 100. */
  readonly 'wrong-size': { readonly octets?: number }
  /** All messages have the unique-id of the first. */
  readonly 'duplicate-uidl': object
  /** Messages have unique-ids that they never had before. */
  readonly 'changed-uidl': object
  /** LIST leaves a message out. Default: the one in the middle. */
  readonly 'list-gap': { readonly message?: number }
  /** `-ERR [IN-USE]`: the command never reaches the server, as with the next two. */
  readonly 'in-use': { readonly text?: string }
  readonly 'login-delay': { readonly text?: string }
  readonly 'sys-temp': { readonly text?: string }
  /** Lines that begin with a dot come as they are; what stood alone on its line ends the message. */
  readonly 'unstuffed-dot': object
  /** The line that ends a message does not come. */
  readonly 'missing-dot': object
  /** CAPA tells what is not so. Default: STLS is added. */
  readonly 'lying-capa': { readonly add?: readonly string[]; readonly remove?: readonly string[] }
  /** A line before the status line. */
  readonly garbage: { readonly text?: string }
  /** The command is carried out, and the connection closed in place of the answer. */
  readonly 'no-answer': object
}

export type FaultName = keyof FaultOptions

export interface FaultContext {
  readonly exchange: Exchange
  readonly random: Random
  /** What faults remember of the session. */
  readonly memory: Map<string, string>
}

export interface Fault<O> {
  /** Undefined: every command. */
  readonly verbs: readonly string[] | undefined
  /** Answers in place of the server. */
  readonly instead?: (options: O) => string
  /** Undefined where the reply gives no occasion for it. */
  readonly change?: (reply: Reply, options: O, context: FaultContext) => readonly Step[] | undefined
}

const logins = ['PASS', 'APOP', 'AUTH']
const close: Step = { kind: 'close' }
const hang: Step = { kind: 'hang' }

export const faults: { readonly [N in FaultName]: Fault<FaultOptions[N]> } = {
  drop: {
    verbs: ['RETR'],
    change: (reply, { afterOctets }) => [beginning(reply, afterOctets), close],
  },
  stall: {
    verbs: ['RETR'],
    change: (reply, { afterOctets }) => [beginning(reply, afterOctets), hang],
  },
  trickle: {
    verbs: undefined,
    change: (reply, { octets = 1, everyMs = 0 }) => [
      { kind: 'trickle', text: textOf(reply), octets, everyMs },
    ],
  },
  'wrong-size': {
    verbs: ['STAT', 'LIST'],
    change: (reply, { octets = 100 }, { exchange }) => sent(withSizes(reply, exchange, octets)),
  },
  'duplicate-uidl': {
    verbs: ['UIDL'],
    change: (reply, _options, { memory }) =>
      sent(
        withUidls(reply, uidl => {
          const first = memory.get('uidl') ?? uidl
          memory.set('uidl', first)
          return first
        }),
      ),
  },
  'changed-uidl': {
    verbs: ['UIDL'],
    change: (reply, _options, { random }) =>
      sent(withUidls(reply, uidl => `${uidl.slice(0, 50)}.${random.below(1e9)}`)),
  },
  'list-gap': {
    verbs: ['LIST'],
    change: (reply, { message }) => {
      const lines = reply.body?.split('\r\n').length ?? 0
      const middle = Math.ceil((lines - 2) / 2)
      return sent(mapLines(reply, line => (line.startsWith(`${message ?? middle} `) ? undefined : line)))
    },
  },
  'in-use': {
    verbs: logins,
    instead: ({ text = 'the maildrop is locked by another session' }) => `-ERR [IN-USE] ${text}\r\n`,
  },
  'login-delay': {
    verbs: logins,
    instead: ({ text = 'too soon after the last login' }) => `-ERR [LOGIN-DELAY] ${text}\r\n`,
  },
  'sys-temp': {
    verbs: logins,
    instead: ({ text = 'try again later' }) => `-ERR [SYS/TEMP] ${text}\r\n`,
  },
  'unstuffed-dot': {
    verbs: ['RETR', 'TOP'],
    change: reply => sent(mapLines(reply, line => line.replace(/^\.\./, '.'))),
  },
  'missing-dot': {
    verbs: ['RETR'],
    change: reply =>
      sent(reply.body === undefined ? reply : { ...reply, body: reply.body.slice(0, -'.\r\n'.length) }),
  },
  'lying-capa': {
    verbs: ['CAPA'],
    change: (reply, { add, remove = [] }) => {
      const added = add ?? (remove.length > 0 ? [] : ['STLS'])
      const isRemoved = (line: string) => remove.some(tag => line.split(' ', 1)[0] === tag.toUpperCase())
      const kept = mapLines(reply, line => (isRemoved(line) ? undefined : line))
      return sent(kept && { ...kept, status: kept.status + added.map(line => `${line}\r\n`).join('') })
    },
  },
  garbage: {
    verbs: undefined,
    change: (reply, { text = '*** debug: 42' }) => [{ kind: 'send', text: `${text}\r\n${textOf(reply)}` }],
  },
  'no-answer': { verbs: ['QUIT'], change: () => [close] },
}

/** The whole reply. */
function textOf({ status, body = '' }: Reply): string {
  return status + body
}

function sent(reply: Reply | undefined): readonly Step[] | undefined {
  return reply && [{ kind: 'send', text: textOf(reply) }]
}

function beginning(reply: Reply, afterOctets: number | undefined): Step {
  const text = textOf(reply)
  return { kind: 'send', text: text.slice(0, afterOctets ?? Math.ceil(text.length / 2)) }
}
