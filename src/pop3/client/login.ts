// Logging in: the first way that the server has and the channel allows. What SASL takes is loaded when it is needed.
import type { Credentials, LoginWay } from './credentials.ts'
import { Pop3Error } from './errors.ts'
import { bearers, type LoginContext, type WayOf } from './login-context.ts'
import { type RefusalContext, refusalOf } from './refusal.ts'
import { stars } from './tap.ts'

/** Throws `login-refused`, `cleartext-refused`, `no-mechanism`, and what the server's code says. */
export async function logIn(credentials: Credentials, context: LoginContext): Promise<void> {
  const { conversation, capabilities, quirks } = context
  const way = await chooseWay(credentials, context)
  const announced = Number.parseInt(capabilities.values('LOGIN-DELAY')?.[0] ?? '', 10)
  const refusal: RefusalContext = {
    phase: 'login',
    command: commandOf(way),
    holdsSecret: text => credentials.holdsSecret(text),
    loginDelaySeconds: announced || quirks.loginDelaySeconds || undefined,
  }
  conversation.guard(text => credentials.holdsSecret(text))
  if (way.kind === 'user-pass') await userPass(way, context, refusal)
  else if (way.kind === 'apop') await apop(way, context, refusal)
  else await (await import('./sasl-login.ts')).saslLogin(way, credentials, context, refusal)
  conversation.guard(undefined)
}

function commandOf(way: LoginWay): string {
  return way.kind === 'sasl' ? `AUTH ${way.mechanism}` : way.kind === 'apop' ? 'APOP' : 'PASS'
}

async function chooseWay(credentials: Credentials, context: LoginContext): Promise<LoginWay> {
  const { capabilities, channel } = context
  const offered = credentials.ways.filter(way => isOffered(way, context))
  // There are certificates that nothing can be bound to.
  const canBind = offered.some(bindsChannel) && (await channel.binding()) !== undefined
  const possible = offered.filter(way => canBind || !bindsChannel(way))
  // Some have what they do not announce.
  const [only] = credentials.ways
  if (possible.length === 0 && only?.kind === 'sasl' && bearers.has(only.mechanism)) possible.push(only)
  const allowed = possible.filter(way => context.isPrivate || context.allowCleartextAuth || !reveals(way))
  const [best] = allowed
  if (best) return best
  const where = { phase: 'login' } as const
  if (possible.length > 0)
    throw new Pop3Error(
      'cleartext-refused',
      'the connection is in clear, and a password does not go out so',
      where,
    )
  const has = capabilities.mechanisms.join(', ') || 'none of SASL'
  const message = `the server has no way to log in that may be used here (it has ${has})`
  throw new Pop3Error('no-mechanism', message, where)
}

function isOffered(way: LoginWay, { capabilities, apopTimestamp, channel, quirks }: LoginContext): boolean {
  if (way.kind === 'apop') return apopTimestamp !== undefined
  // Who has no CAPA has USER all the same.
  if (way.kind === 'user-pass') return capabilities.tags.length === 0 || capabilities.has('USER')
  return (
    capabilities.mechanisms.includes(way.mechanism) &&
    ((channel.isTls && quirks.bindsToTls) || !bindsChannel(way))
  )
}

function bindsChannel(way: LoginWay): boolean {
  return way.kind === 'sasl' && way.mechanism.endsWith('-PLUS')
}

function reveals(way: LoginWay): boolean {
  return way.kind === 'user-pass' || (way.kind === 'sasl' && way.revealsSecret)
}

async function userPass(
  { user, password }: WayOf<'user-pass'>,
  { conversation, signal }: LoginContext,
  refusal: RefusalContext,
): Promise<void> {
  conversation.say(`USER ${user}`)
  const named = await conversation.reply(signal)
  if (named.status !== 'ok') throw refusalOf(named, { ...refusal, command: 'USER' })
  conversation.say(`PASS ${password}`, `PASS ${stars}`)
  const reply = await conversation.reply(signal)
  if (reply.status !== 'ok') throw refusalOf(reply, refusal)
}

async function apop(
  { user, password }: WayOf<'apop'>,
  { conversation, apopTimestamp = '', signal }: LoginContext,
  refusal: RefusalContext,
): Promise<void> {
  const { apopDigest } = await import('../../auth/apop.ts')
  const digest = apopDigest(apopTimestamp, Buffer.from(password))
  conversation.say(`APOP ${user} ${digest}`, `APOP ${user} ${stars}`)
  const reply = await conversation.reply(signal)
  if (reply.status !== 'ok') throw refusalOf(reply, refusal)
}
