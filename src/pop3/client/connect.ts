// From an address to a session: the connection, TLS as the policy wants it, greeting, CAPA, STLS, UTF8 and LANG, login. What
// makes a server hang up is tried without, once.
import { type DialAddress, DialError, type DialTls, dial, putTls } from '../../net/dialer.ts'
import { Capabilities } from './capabilities.ts'
import { Channel } from './channel.ts'
import { Conversation } from './conversation.ts'
import { type ConnectEvent, events, nextSessionNumber } from './diagnostics.ts'
import { Pop3Error } from './errors.ts'
import { logIn } from './login.ts'
import { Opening } from './opening.ts'
import { type ConnectOptions, defaultLimits, defaultTimeouts, type TlsPolicy } from './options.ts'
import { mergeQuirks, type Quirks, quirksOfHost } from './quirks.ts'
import { type ServerMemory, sharedMemory } from './server-memory.ts'
import { Session } from './session.ts'
import { WantsNewToken } from './wants-new-token.ts'

/** Where and how, with what holds when nothing was said. */
interface Target extends DialAddress {
  readonly policy: TlsPolicy
  readonly tls: DialTls
  readonly memory: ServerMemory
  readonly session: number
}

/** What one attempt is to do otherwise than usual. */
interface Attempt {
  readonly capa: boolean
  readonly isTokenRetry: boolean
}

/** Rejects with a `Pop3Error`; then there is no connection. */
export async function connect(options: ConnectOptions): Promise<Session> {
  const target = targetOf(options)
  const begun = performance.now()
  const publish = (error: Pop3Error['code'] | undefined) => {
    if (!events.connect.hasSubscribers) return
    const { host, port, session } = target
    const event: ConnectEvent = { session, host, port, durationMs: performance.now() - begun, error }
    events.connect.publish(event)
  }
  try {
    const session = await attempt(options, target, { capa: true, isTokenRetry: false })
    publish(undefined)
    return session
  } catch (error) {
    publish(error instanceof Pop3Error ? error.code : undefined)
    throw error
  }
}

function targetOf(options: ConnectOptions): Target {
  const { tls: policy = 'implicit', pin, certificate, memory = sharedMemory } = options
  const { host, port = policy === 'implicit' ? 995 : 110 } = options
  const pins = typeof pin === 'string' ? [pin] : pin
  const tls = { ...certificate, ...(pins && { pins }), alpn: 'pop3' }
  return { host, port, policy, tls, memory, session: nextSessionNumber() }
}

async function attempt(options: ConnectOptions, target: Target, plan: Attempt): Promise<Session> {
  const { signal, quirks: given } = options
  const { host, port, memory } = target
  const overrides = given === undefined || given === 'auto' ? {} : given
  const quirksWith = (found: Partial<Quirks>) =>
    mergeQuirks(quirksOfHost(host), found, memory.of(host, port), overrides, plan.capa ? {} : { capa: false })
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const limits = { ...defaultLimits, ...options.limits }
  const channel = await open(options, target, timeouts.connect)
  const { session, policy } = target
  const conversation = new Conversation(channel, { session, timeouts, limits, tap: options.tap })
  const opening = new Opening(conversation, new Capabilities(), quirksWith, signal)
  try {
    await opening.greet(policy)
    const isPrivate = await secure(opening, options, target)
    const { isUtf8, language } = await opening.negotiate(options)
    channel.phase = 'login'
    const { capabilities, apopTimestamp, quirks } = opening
    await logIn(options.auth, {
      conversation,
      capabilities,
      apopTimestamp,
      isPrivate,
      channel: {
        isTls: isPrivate,
        binding: async () => (await import('../../net/tls/client-binding.ts')).clientBinding(channel.socket),
      },
      allowCleartextAuth: options.allowCleartextAuth ?? false,
      quirks,
      isRetry: plan.isTokenRetry,
      signal,
    })
    channel.phase = 'transaction'
    await opening.askCapabilities('login')
    if (!plan.capa) memory.learn(host, port, { capa: false })
    const learn = (learned: Parameters<ServerMemory['learn']>[2]) => memory.learn(host, port, learned)
    return new Session({ conversation, capabilities, quirks, learn, isUtf8, language })
  } catch (error) {
    channel.fail('closed', 'there is no session')
    if (error instanceof WantsNewToken) return attempt(options, target, { ...plan, isTokenRetry: true })
    const isLost =
      error instanceof Pop3Error && (error.code === 'connection-lost' || error.code === 'timeout')
    if (isLost && opening.isAskingCapabilities && plan.capa)
      return attempt(options, target, { ...plan, capa: false })
    throw error
  }
}

async function open(options: ConnectOptions, target: Target, timeoutMs: number): Promise<Channel> {
  const { transport, signal } = options
  const { host, port, policy } = target
  const where = { phase: 'connect' } as const
  if (signal?.aborted)
    throw new Pop3Error('aborted', 'aborted by the caller', { ...where, cause: signal.reason })
  const proxy = await proxyOf(options)
  const tls = policy === 'implicit' ? target.tls : undefined
  // One time for all that it takes.
  const deadline = AbortSignal.timeout(Math.min(timeoutMs, 2_147_483_647))
  const both = signal ? AbortSignal.any([signal, deadline]) : deadline
  try {
    if (!transport) return new Channel(await dial({ host, port, proxy, tls, timeoutMs, signal: both }))
    const stream = await transport({ host, port }, both)
    return new Channel(tls ? await putTls(stream, { host, port }, tls, { timeoutMs, signal: both }) : stream)
  } catch (cause) {
    if (signal?.aborted)
      throw new Pop3Error('aborted', 'aborted by the caller', { ...where, cause: signal.reason })
    const { message } = cause as Error
    if (deadline.aborted)
      throw new Pop3Error(
        'timeout',
        `no connection with ${host} port ${port} in ${timeoutMs / 1000} s`,
        where,
      )
    const isTls = cause instanceof DialError && cause.step === 'tls'
    throw new Pop3Error(isTls ? 'tls-failed' : 'connect-failed', `${message}${adviceFor(message)}`, {
      ...where,
      cause,
    })
  }
}

function adviceFor(message: string): string {
  return message.endsWith('speaks in clear there') ? ' (STLS may be what it has)' : ''
}

/** Few go through a proxy: what reads its address is loaded when it is needed. */
async function proxyOf({ proxy }: ConnectOptions) {
  if (proxy === undefined) return undefined
  const { parseProxy } = await import('../../net/proxies/proxy.ts')
  try {
    return parseProxy(proxy)
  } catch (cause) {
    throw new Pop3Error('bad-argument', (cause as Error).message, { phase: 'connect' })
  }
}

/** STLS, where the policy wants it; whether nobody can listen from now on. Throws `tls-failed` where that must be and cannot. */
async function secure(opening: Opening, { signal }: ConnectOptions, target: Target): Promise<boolean> {
  const { policy, tls } = target
  if (policy === 'implicit' || policy === 'none') return policy === 'implicit'
  const { conversation, capabilities } = opening
  const { channel, timeouts } = conversation
  if (policy === 'opportunistic' && !capabilities.has('STLS')) return false
  channel.phase = 'tls'
  conversation.say('STLS')
  const { status, text } = await conversation.reply(signal)
  if (status !== 'ok') {
    if (policy === 'opportunistic') return false
    throw new Pop3Error('tls-failed', `the server refuses STLS: ${text}`, { phase: 'tls', serverText: text })
  }
  await channel.startTls(target, tls, { timeoutMs: timeouts.connect, signal })
  // What was said in clear is worth nothing now, RFC 2595 section 4.
  capabilities.forget()
  await opening.askCapabilities('tls')
  return true
}
