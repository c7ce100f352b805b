// From what a server says to what a client does about it: response codes first (RFC 2449 section 8.1, RFC 3206), words where
// there are none.
import { type Phase, Pop3Error, type Pop3ErrorCode } from './errors.ts'
import type { Reply } from './reply.ts'

const byResponseCode: Readonly<Record<string, Pop3ErrorCode>> = {
  'IN-USE': 'maildrop-in-use',
  'LOGIN-DELAY': 'login-delay',
  'SYS/TEMP': 'server-unavailable',
  'SYS/PERM': 'server-fault',
  AUTH: 'login-refused',
}

/** What servers without response codes say when another session has the maildrop. */
const lockWords = /\b(?:lock(?:ed)?|in use|busy|another (?:session|pop3))\b/i

/** What servers say that count what their users ask for. */
const rateWords =
  /\b(?:exceed(?:ed|s)?|too (?:many|often|much|frequent(?:ly)?)|throttl\w+|rate.?limit\w*|quota)\b/i

export interface RefusalContext {
  readonly phase: Phase
  /** What was asked, without its arguments: `PASS`. */
  readonly command: string
  /** Of the server, in seconds, as CAPA says it. RFC 2449 section 6.5. */
  readonly loginDelaySeconds?: number | undefined
  readonly holdsSecret?: ((text: string) => boolean) | undefined
}

export function refusalOf({ responseCode, text }: Reply, context: RefusalContext): Pop3Error {
  const { phase, command, loginDelaySeconds, holdsSecret } = context
  const code = codeOf(responseCode, text, phase)
  const serverText = holdsSecret?.(text) ? undefined : text
  const isDelayed = (code === 'login-delay' || code === 'rate-limited') && loginDelaySeconds !== undefined
  return new Pop3Error(code, `${command} was refused${serverText ? `: ${serverText}` : ''}`, {
    phase,
    responseCode,
    serverText,
    ...(isDelayed && { notBefore: new Date(Date.now() + loginDelaySeconds * 1000) }),
  })
}

function codeOf(responseCode: string | undefined, text: string, phase: Phase): Pop3ErrorCode {
  const known = responseCode === undefined ? undefined : byResponseCode[responseCode]
  if (known) return known
  if (rateWords.test(text)) return 'rate-limited'
  if (phase === 'greeting') return 'server-unavailable'
  if (phase !== 'login') return 'refused'
  return lockWords.test(text) ? 'maildrop-in-use' : 'login-refused'
}
