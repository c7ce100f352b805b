// From an address to a session: TCP, TLS as the policy wants it, greeting, CAPA, STLS, login.
import { dial } from '../../net/dialer.ts'
import { Capabilities, type CapabilitySource } from './capabilities.ts'
import { Channel } from './channel.ts'
import { Conversation } from './conversation.ts'
import { Pop3Error } from './errors.ts'
import { logIn } from './login.ts'
import { type ConnectOptions, defaultLimits, defaultTimeouts } from './options.ts'
import { parseReply, protocolOf } from './reply.ts'
import { Session } from './session.ts'

const maxCapabilities = 1_000

/** Rejects with a `Pop3Error`; then there is no connection. */
export async function connect(options: ConnectOptions): Promise<Session> {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const limits = { ...defaultLimits, ...options.limits }
  const channel = await open(options, timeouts.connect)
  const conversation = new Conversation(channel, timeouts, limits)
  try {
    const apopTimestamp = await greeted(conversation, options.signal)
    const capabilities = new Capabilities()
    let isPrivate = policyOf(options) === 'implicit'
    await askCapabilities(conversation, capabilities, isPrivate ? 'tls' : 'clear', options.signal)
    if (await secure(conversation, capabilities, options)) {
      isPrivate = true
      await askCapabilities(conversation, capabilities, 'tls', options.signal)
    }
    channel.phase = 'login'
    await logIn(options.auth, {
      conversation,
      capabilities,
      apopTimestamp,
      isPrivate,
      channel: { binding: channel.binding },
      allowCleartextAuth: options.allowCleartextAuth ?? false,
      signal: options.signal,
    })
    channel.phase = 'transaction'
    await askCapabilities(conversation, capabilities, 'login', options.signal)
    return new Session(conversation, capabilities)
  } catch (error) {
    channel.fail('closed', 'there is no session')
    throw error
  }
}

function policyOf({ tls = 'implicit' }: ConnectOptions) {
  return tls
}

async function open(options: ConnectOptions, timeoutMs: number): Promise<Channel> {
  const { host, certificate = {}, signal } = options
  const isImplicit = policyOf(options) === 'implicit'
  const { port = isImplicit ? 995 : 110 } = options
  if (signal?.aborted)
    throw new Pop3Error('aborted', 'aborted by the caller', { phase: 'connect', cause: signal.reason })
  try {
    const tls = isImplicit ? { ...certificate, alpn: 'pop3' } : undefined
    return new Channel(await dial({ host, port, tls, timeoutMs, signal }))
  } catch (cause) {
    const { message } = cause as Error
    const code = signal?.aborted ? 'aborted' : message.startsWith('no TLS') ? 'tls-failed' : 'connect-failed'
    throw new Pop3Error(code, message, { phase: 'connect', cause })
  }
}

/** The timestamp for APOP, if the greeting has one. */
async function greeted(
  conversation: Conversation,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { channel, timeouts } = conversation
  channel.phase = 'greeting'
  const line = await conversation.line(timeouts.greeting, signal)
  const reply = parseReply(line)
  if (reply?.status === 'ok') return /<[^<>\s]+@[^<>\s]+>/.exec(line.toString('latin1'))?.[0]
  const other = protocolOf(line)
  if (reply?.status === 'err')
    throw new Pop3Error('server-unavailable', `the server refuses to serve: ${reply.text}`, {
      phase: 'greeting',
      responseCode: reply.responseCode,
      serverText: reply.text,
    })
  throw channel.fail(
    'not-pop3',
    other ? `${other} answers there, not POP3` : 'what answers there is not POP3',
  )
}

/** A server without CAPA says so; that is no failure. */
async function askCapabilities(
  conversation: Conversation,
  capabilities: Capabilities,
  source: CapabilitySource,
  signal: AbortSignal | undefined,
): Promise<void> {
  conversation.say('CAPA')
  const { status } = await conversation.reply(signal)
  if (status === 'ok') capabilities.add(await conversation.lines(maxCapabilities, signal), source)
}

/** STLS, where the policy wants it. Throws `tls-failed` where it must be and cannot. */
async function secure(
  conversation: Conversation,
  capabilities: Capabilities,
  options: ConnectOptions,
): Promise<boolean> {
  const policy = policyOf(options)
  if (policy !== 'stls' && policy !== 'opportunistic') return false
  const { channel, timeouts } = conversation
  const { host, port = 110, certificate = {}, signal } = options
  if (policy === 'opportunistic' && !capabilities.has('STLS')) return false
  channel.phase = 'tls'
  conversation.say('STLS')
  const reply = await conversation.reply(signal)
  if (reply.status !== 'ok') {
    if (policy === 'opportunistic') return false
    throw new Pop3Error('tls-failed', `the server refuses STLS: ${reply.text}`, {
      phase: 'tls',
      serverText: reply.text,
    })
  }
  await channel.startTls({ host, port }, { ...certificate, alpn: 'pop3' }, timeouts.connect)
  capabilities.forget()
  return true
}
