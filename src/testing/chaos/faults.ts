// The faults, each a row: at which commands of which protocol it is made unless the rule says otherwise, and what becomes of the
// command or of its reply. Each was met at some server or some network in the wild.
import { type Exchange, endOfData, type FaultContext, type Reply, type Step, textOf } from './exchange.ts'
import type { FaultOptions } from './fault-options.ts'
import { emptied, mapLines, withExtensions, withSizes, withUidls } from './listing.ts'

export type { FaultOptions } from './fault-options.ts'
export type FaultName = keyof FaultOptions

export type FaultVerbs = readonly string[] | 'every'

export interface Fault<O> {
  /** Where it is made in POP3; undefined: nowhere, whatever the rule says. */
  readonly pop3?: FaultVerbs
  readonly smtp?: FaultVerbs
  readonly lmtp?: FaultVerbs
  /** In place of the command, which the server never sees. Undefined where the command gives no occasion for it. */
  readonly instead?: (options: O, context: FaultContext) => readonly Step[] | undefined
  /** Undefined where the reply gives no occasion for it. */
  readonly change?: (reply: Reply, options: O, context: FaultContext) => readonly Step[] | undefined
}

const logins = ['PASS', 'APOP', 'AUTH']
const close: Step = { kind: 'close' }
const hang: Step = { kind: 'hang' }
const tokenMechanism = /^(XOAUTH2|OAUTHBEARER)(?: (\S+))?$/i

export const faults: { readonly [N in FaultName]: Fault<FaultOptions[N]> } = {
  drop: {
    pop3: ['RETR'],
    smtp: [endOfData],
    lmtp: [endOfData],
    change: (reply, { afterOctets }) => [beginning(reply, afterOctets), close],
  },
  stall: {
    pop3: ['RETR'],
    smtp: [endOfData],
    lmtp: [endOfData],
    change: (reply, { afterOctets }) => [beginning(reply, afterOctets), hang],
  },
  trickle: {
    pop3: 'every',
    smtp: 'every',
    lmtp: 'every',
    change: (reply, { octets = 1, everyMs = 0 }) => [
      { kind: 'trickle', text: textOf(reply), octets, everyMs },
    ],
  },
  delay: {
    pop3: 'every',
    smtp: 'every',
    lmtp: 'every',
    change: (reply, { ms = 1_000 }) => [
      { kind: 'wait', ms },
      { kind: 'send', text: textOf(reply) },
    ],
  },
  'wrong-size': {
    pop3: ['STAT', 'LIST'],
    change: (reply, { octets = 100 }, { exchange }) => sent(withSizes(reply, exchange, octets)),
  },
  'duplicate-uidl': {
    pop3: ['UIDL'],
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
    pop3: ['UIDL'],
    change: (reply, { each = 'command' }, { random, memory }) =>
      sent(
        withUidls(reply, uidl => {
          const known = each === 'session' ? memory.get(`changed ${uidl}`) : undefined
          const changed = known ?? `${uidl.slice(0, 50)}.${random.below(1e9)}`
          memory.set(`changed ${uidl}`, changed)
          return changed
        }),
      ),
  },
  'numbered-uidl': {
    pop3: ['UIDL'],
    change: reply => sent(withUidls(reply, (_uidl, number) => number)),
  },
  'list-gap': {
    pop3: ['LIST'],
    change: (reply, { message }) => {
      const lines = reply.body?.split('\r\n').length ?? 0
      const middle = Math.ceil((lines - 2) / 2)
      return sent(mapLines(reply, line => (line.startsWith(`${message ?? middle} `) ? undefined : line)))
    },
  },
  'empty-listing': {
    pop3: ['STAT', 'LIST', 'UIDL'],
    change: (reply, _options, { exchange }) => sent(emptied(reply, exchange)),
  },
  'in-use': { pop3: logins, instead: refusal('[IN-USE]', 'the maildrop is locked by another session') },
  'login-delay': { pop3: logins, instead: refusal('[LOGIN-DELAY]', 'too soon after the last login') },
  'sys-temp': { pop3: logins, instead: refusal('[SYS/TEMP]', 'try again later') },
  'expired-token': {
    pop3: ['AUTH'],
    smtp: ['AUTH'],
    instead: ({ status = '401' }, { exchange }) => expiredToken(exchange, status),
  },
  reply: {
    pop3: ['RETR'],
    smtp: ['RCPT'],
    lmtp: ['RCPT'],
    instead: ({ text }, { exchange: { protocol } }) => {
      const said = text ?? (protocol === 'pop3' ? '-ERR try again later' : '451 4.3.0 try again later')
      return [{ kind: 'send', text: `${said.replace(/\r?\n/g, '\r\n')}\r\n` }]
    },
  },
  'unstuffed-dot': {
    pop3: ['RETR', 'TOP'],
    change: reply => sent(mapLines(reply, line => line.replace(/^\.\./, '.'))),
  },
  'missing-dot': {
    pop3: ['RETR'],
    change: reply =>
      sent(reply.body === undefined ? reply : { ...reply, body: reply.body.slice(0, -'.\r\n'.length) }),
  },
  truncated: {
    pop3: ['RETR'],
    change: (reply, { lines }) => {
      const all = reply.body?.split('\r\n').slice(0, -2) ?? []
      const left = lines ?? Math.floor(all.length / 2)
      let nth = 0
      return sent(mapLines(reply, line => (nth++ < left ? line : undefined)))
    },
  },
  'lying-capa': {
    pop3: ['CAPA'],
    change: (reply, { add, remove = [] }) => {
      const added = add ?? (remove.length > 0 ? [] : ['STLS'])
      const isRemoved = (line: string) => remove.some(tag => line.split(' ', 1)[0] === tag.toUpperCase())
      const kept = mapLines(reply, line => (isRemoved(line) ? undefined : line))
      return sent(kept && { ...kept, status: kept.status + added.map(line => `${line}\r\n`).join('') })
    },
  },
  'lying-ehlo': {
    smtp: ['EHLO'],
    lmtp: ['LHLO'],
    change: (reply, { add, remove = [] }) =>
      sent(withExtensions(reply, add ?? (remove.length > 0 ? [] : ['STARTTLS']), remove)),
  },
  'stls-injection': { pop3: ['STLS'], change: injected('+OK injected') },
  'starttls-injection': { smtp: ['STARTTLS'], change: injected('250 injected') },
  garbage: {
    pop3: 'every',
    smtp: 'every',
    lmtp: 'every',
    change: (reply, { text = '*** debug: 42' }) => [{ kind: 'send', text: `${text}\r\n${textOf(reply)}` }],
  },
  'no-answer': {
    pop3: ['QUIT'],
    smtp: [endOfData],
    lmtp: [endOfData],
    instead: ({ carriedOut = true }) => (carriedOut ? undefined : [close]),
    change: () => [close],
  },
  'drop-data': {
    smtp: ['DATA'],
    lmtp: ['DATA'],
    instead: ({ afterOctets = 1 }) => [
      { kind: 'send', text: '354 go ahead\r\n' },
      { kind: 'swallow', octets: afterOctets },
      close,
    ],
  },
}

function sent(reply: Reply | undefined): readonly Step[] | undefined {
  return reply && [{ kind: 'send', text: textOf(reply) }]
}

function beginning(reply: Reply, afterOctets: number | undefined): Step {
  const text = textOf(reply)
  return { kind: 'send', text: text.slice(0, afterOctets ?? Math.ceil(text.length / 2)) }
}

function refusal(code: string, usual: string) {
  return ({ text = usual }: { readonly text?: string }): readonly Step[] => [
    { kind: 'send', text: `-ERR ${code} ${text}\r\n` },
  ]
}

/** Octets in clear behind the last word before TLS, RFC 3207 section 6. */
function injected(usual: string) {
  return ({ status }: Reply, { text = usual }: { readonly text?: string }): readonly Step[] | undefined =>
    /^(\+OK|220)/.test(status) ? [{ kind: 'send', text: `${status}${text}\r\n` }] : undefined
}

/** The error of RFC 7628 section 3.2.2, which the client has to answer before it is refused. */
function expiredToken({ protocol, argument }: Exchange, status: string): readonly Step[] | undefined {
  const [, mechanism, initial] = tokenMechanism.exec(argument) ?? []
  if (mechanism === undefined) return undefined
  const error = Buffer.from(JSON.stringify({ status, schemes: 'bearer' })).toString('base64')
  const challenge = (text: string): Step => ({
    kind: 'send',
    text: `${protocol === 'pop3' ? '+' : '334'} ${text}\r\n`,
  })
  const hear: Step = { kind: 'hear' }
  const refused =
    protocol === 'pop3' ? '-ERR [AUTH] the token has expired' : '535 5.7.8 the token has expired'
  return [
    ...(initial === undefined ? [challenge(''), hear] : []),
    challenge(error),
    hear,
    { kind: 'send', text: `${refused}\r\n` },
  ]
}
