// Logging in: the first way that the server has and the channel allows; the exchange of SASL as RFC 5034 section 4 has it.

import { apopDigest } from '../../auth/apop.ts'
import { SaslClientError } from '../../auth/sasl-client.ts'
import type { Capabilities } from './capabilities.ts'
import type { Conversation } from './conversation.ts'
import type { Credentials, LoginWay, SaslChannel } from './credentials.ts'
import { Pop3Error } from './errors.ts'
import { type RefusalContext, refusalOf } from './refusal.ts'

export interface LoginContext {
  readonly conversation: Conversation
  readonly capabilities: Capabilities
  readonly channel: Omit<SaslChannel, 'offered'>
  /** RFC 1939 section 7, from the greeting. */
  readonly apopTimestamp: string | undefined
  readonly isPrivate: boolean
  readonly allowCleartextAuth: boolean
  readonly signal: AbortSignal | undefined
}

/** A line of AUTH with its initial response may have so many octets, RFC 5034 section 4. */
const maxInitialLine = 255
/** These are best asked first: servers that have them disagree about the one-line form. */
const twoLines = new Set(['XOAUTH2', 'OAUTHBEARER'])

/** Throws `login-refused`, `cleartext-refused`, `no-mechanism`, and what the server's code says. */
export async function logIn(credentials: Credentials, context: LoginContext): Promise<void> {
  const way = chooseWay(credentials, context)
  const refusal: RefusalContext = {
    phase: 'login',
    command: commandOf(way),
    holdsSecret: text => credentials.holdsSecret(text),
    loginDelaySeconds:
      Number.parseInt(context.capabilities.values('LOGIN-DELAY')?.[0] ?? '', 10) || undefined,
  }
  if (way.kind === 'user-pass') return userPass(way, context, refusal)
  if (way.kind === 'apop') return apop(way, context, refusal)
  try {
    await sasl(way, context, refusal, false)
  } catch (error) {
    const isWorthIt = way.mayRetry && error instanceof Pop3Error && error.code === 'login-refused'
    if (!isWorthIt || !context.conversation.channel.isOpen) throw error
    await sasl(way, context, refusal, true)
  }
}

function commandOf(way: LoginWay): string {
  return way.kind === 'sasl' ? `AUTH ${way.mechanism}` : way.kind === 'apop' ? 'APOP' : 'PASS'
}

function chooseWay(credentials: Credentials, context: LoginContext): LoginWay {
  const { capabilities } = context
  const possible = credentials.ways.filter(way => isOffered(way, context))
  // Some have what they do not announce.
  const [only] = credentials.ways
  if (possible.length === 0 && only?.kind === 'sasl' && twoLines.has(only.mechanism)) possible.push(only)
  const allowed = possible.filter(way => context.isPrivate || context.allowCleartextAuth || !reveals(way))
  const [best] = allowed
  if (best) return best
  if (possible.length > 0)
    throw new Pop3Error(
      'cleartext-refused',
      'the connection is in clear, and a password does not go out so',
      {
        phase: 'login',
      },
    )
  const has = capabilities.mechanisms.join(', ') || 'none of SASL'
  throw new Pop3Error(
    'no-mechanism',
    `the server has no way to log in that may be used here (it has ${has})`,
    {
      phase: 'login',
    },
  )
}

function isOffered(way: LoginWay, { capabilities, apopTimestamp, channel }: LoginContext): boolean {
  if (way.kind === 'apop') return apopTimestamp !== undefined
  // Who has no CAPA has USER all the same.
  if (way.kind === 'user-pass') return capabilities.tags.length === 0 || capabilities.has('USER')
  const needsBinding = way.mechanism.endsWith('-PLUS')
  return capabilities.mechanisms.includes(way.mechanism) && (!needsBinding || channel.binding !== undefined)
}

function reveals(way: LoginWay): boolean {
  return way.kind === 'user-pass' || (way.kind === 'sasl' && way.revealsSecret)
}

type WayOf<K extends LoginWay['kind']> = Extract<LoginWay, { kind: K }>

async function userPass(
  { user, password }: WayOf<'user-pass'>,
  { conversation, signal }: LoginContext,
  refusal: RefusalContext,
): Promise<void> {
  conversation.say(`USER ${user}`)
  const named = await conversation.reply(signal)
  if (named.status !== 'ok') throw refusalOf(named, { ...refusal, command: 'USER' })
  conversation.say(`PASS ${password}`)
  const reply = await conversation.reply(signal)
  if (reply.status !== 'ok') throw refusalOf(reply, refusal)
}

async function apop(
  { user, password }: WayOf<'apop'>,
  { conversation, apopTimestamp = '', signal }: LoginContext,
  refusal: RefusalContext,
): Promise<void> {
  conversation.say(`APOP ${user} ${apopDigest(apopTimestamp, Buffer.from(password))}`)
  const reply = await conversation.reply(signal)
  if (reply.status !== 'ok') throw refusalOf(reply, refusal)
}

async function sasl(
  way: WayOf<'sasl'>,
  { conversation, channel, capabilities, signal }: LoginContext,
  refusal: RefusalContext,
  isRetry: boolean,
): Promise<void> {
  const client = await way.create({ ...channel, offered: capabilities.mechanisms }, isRetry)
  if (!client) throw new Pop3Error('no-mechanism', `${way.mechanism} cannot be used here`, { phase: 'login' })
  let pending = twoLines.has(way.mechanism) ? undefined : await client.next(undefined)
  const oneLine = pending && `AUTH ${way.mechanism} ${encode(pending) || '='}`
  const isShort = oneLine !== undefined && oneLine.length + 2 <= maxInitialLine
  conversation.say(isShort ? oneLine : `AUTH ${way.mechanism}`)
  if (isShort) pending = undefined
  for (;;) {
    const reply = await conversation.reply(signal)
    if (reply.status === 'err') throw refusalOf(reply, refusal)
    if (reply.status === 'ok') {
      if (client.isComplete) return
      throw conversation.channel.fail('protocol', `the server accepts before ${way.mechanism} is complete`)
    }
    const response = pending ?? (await respond(() => client.next(decode(reply.text)), conversation, signal))
    pending = undefined
    conversation.say(encode(response ?? new Uint8Array(0)))
  }
}

/** An exchange that the mechanism gives up is cancelled, RFC 5034 section 4. */
async function respond(
  next: () => Promise<Uint8Array | undefined>,
  conversation: Conversation,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await next()
  } catch (error) {
    if (!(error instanceof SaslClientError)) throw error
    conversation.say('*')
    await conversation.reply(signal)
    throw new Pop3Error('login-refused', error.message, { phase: 'login', cause: error })
  }
}

function encode(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}

/** What is no base64 decodes to something that no mechanism takes. */
function decode(text: string): Uint8Array {
  return Buffer.from(text.trim(), 'base64')
}
