// RFC 4616 and RFC 5034 section 4: what PLAIN's message must not be, and the base64 around it.
import { loginRefused, stillServes } from '../endurance.ts'
import type { Credentials } from '../play.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { base64, given, plainMessage } from '../sasl-steps.ts'
import { challenge, connect, say } from '../steps.ts'

/** Servers let who fails wait. */
const limitMs = 30_000

/** What is sent in place of PLAIN's message, and must let nobody in. */
interface RefusedRow {
  readonly id: string
  readonly what: string
  readonly make: (credentials: Credentials) => string | undefined
  readonly severity?: 'must' | 'should' | 'quirk'
}

const right = (credentials: Credentials) => base64(plainMessage(credentials))

/** RFC 5034 section 4: characters out of the alphabet are an error, not to be passed over. All hold the right password. */
const noBase64: readonly RefusedRow[] = [
  { id: 'trailing-mark', what: 'base64 with a `!` behind it', make: all => `${right(all)}!` },
  { id: 'leading-mark', what: 'base64 with a `!` in front', make: all => `!${right(all)}` },
  {
    id: 'inner-mark',
    what: 'base64 with a `*` in its middle',
    make: all => `${right(all).slice(0, 4)}*${right(all).slice(4)}`,
  },
  {
    id: 'inner-space',
    what: 'base64 with a space in its middle',
    make: all => `${right(all).slice(0, 4)} ${right(all).slice(4)}`,
  },
  {
    id: 'inner-padding',
    what: 'base64 with `====` in its middle',
    make: all => `${right(all).slice(0, 4)}====${right(all).slice(4)}`,
  },
  { id: 'leading-padding', what: 'base64 with a `=` in front', make: all => `=${right(all)}` },
  { id: 'cut', what: 'base64 without its last four characters', make: all => right(all).slice(0, -4) },
  {
    id: 'no-padding',
    what: 'base64 without the padding that it needs',
    make: all => (right(all).endsWith('=') ? right(all).replace(/=+$/, '') : undefined),
    severity: 'should',
  },
  {
    id: 'more-padding',
    what: 'base64 with more padding than it needs',
    make: all => `${right(all)}=`,
    severity: 'should',
  },
  {
    id: 'loose-bits',
    what: 'base64 whose last bits are not zero',
    make: all => loosened(right(all)),
    severity: 'quirk',
  },
]

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Another spelling of the same octets; undefined where there is none. */
function loosened(text: string): string | undefined {
  const padding = /=+$/.exec(text)?.[0]
  if (padding === undefined) return undefined
  const end = text.length - padding.length
  const last = alphabet.indexOf(text.charAt(end - 1))
  return `${text.slice(0, end - 1)}${alphabet.charAt(last + 1)}${padding}`
}

/** RFC 4616 section 2: whom to act as, NUL, name, NUL, password; no NUL more. */
const noMessage: readonly RefusedRow[] = [
  {
    id: 'no-nul',
    what: 'a message without NUL',
    make: ({ user, password }) => base64(`${user} ${password}`),
  },
  {
    id: 'one-nul',
    what: 'a message with one NUL',
    make: ({ user, password }) => base64(`${user}\0${password}`),
  },
  {
    id: 'nul-behind',
    what: 'a message with a NUL behind the password',
    make: all => base64(`${plainMessage(all)}\0`),
  },
  {
    id: 'nul-and-more',
    what: 'a message with a NUL and more behind the password',
    make: all => base64(`${plainMessage(all)}\0more`),
  },
  {
    id: 'line-end-behind',
    what: 'a message with CRLF behind the password',
    make: all => base64(`${plainMessage(all)}\r\n`),
    severity: 'should',
  },
  { id: 'no-name', what: 'a message without a name', make: ({ password }) => base64(`\0\0${password}`) },
  { id: 'no-password', what: 'a message without a password', make: ({ user }) => base64(`\0${user}\0`) },
  { id: 'nothing', what: 'an empty line', make: () => '' },
  { id: 'only-nul', what: 'a message of two NUL', make: () => base64('\0\0') },
  {
    id: 'no-utf8',
    what: 'a message that is no UTF-8',
    make: ({ user }) => Buffer.from(`\0${user}\0\xff\xfe`, 'latin1').toString('base64'),
  },
  {
    id: 'other-authorization',
    what: 'the right password, to act as somebody who is not there',
    make: all => base64(plainMessage(all, 'nobody-is-called-so')),
  },
]

function refusedCase({ id, what, make, severity = 'must' }: RefusedRow): Pop3Case {
  return {
    id: `sasl-plain-${id}`,
    title: `PLAIN lets nobody in by ${what}`,
    rfc: noBase64.some(row => row.id === id) ? 'RFC 5034 section 4' : 'RFC 4616 section 2',
    severity,
    cost: 'Two programs that read the same octets see two logins; what one refused the other lets in.',
    needs: ['plain'],
    limitMs,
    steps: [
      given('response', what, make),
      connect,
      say('AUTH PLAIN'),
      challenge,
      say('{response}'),
      loginRefused,
      stillServes,
    ],
  }
}

export const plainSection: Pop3Section = {
  name: 'rfc4616-plain',
  title: 'PLAIN: what lets nobody in',
  about:
    'Messages of PLAIN that are none, RFC 4616, and base64 that is none, RFC 5034 section 4. Most of them hold the right password: a server that guesses what was meant lets in.',
  cases: [...noBase64, ...noMessage].map(refusedCase),
}
