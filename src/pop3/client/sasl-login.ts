// The exchange of SASL as RFC 5034 section 4 has it, and as servers have it that do not keep to it.
import { type SaslClient, SaslClientError } from '../../auth/sasl-client.ts'
import type { Conversation } from './conversation.ts'
import type { Credentials } from './credentials.ts'
import { Pop3Error } from './errors.ts'
import { bearers, type LoginContext, type WayOf } from './login-context.ts'
import { type RefusalContext, refusalOf } from './refusal.ts'
import { stars } from './tap.ts'
import { WantsNewToken } from './wants-new-token.ts'

/** A line of AUTH with its initial response may have so many octets, RFC 5034 section 4. */
const maxInitialLine = 255
/** In these the server speaks first; the others take whatever it says at first for an invitation. */
const promptedMechanisms = new Set(['LOGIN', 'CRAM-MD5'])
/** Tokens as long as this are refused by some servers, whoever asks. */
const longTokenOctets = 3072

/** A token that was not taken may be an old one: one that is fetched anew is tried, once. */
export async function saslLogin(
  way: WayOf<'sasl'>,
  credentials: Credentials,
  context: LoginContext,
  refusal: RefusalContext,
): Promise<void> {
  try {
    await sasl(way, context, refusal, context.isRetry)
  } catch (error) {
    const isRefusal = error instanceof Pop3Error && error.code === 'login-refused'
    if (!isRefusal) throw error
    if (!way.mayRetry || context.isRetry) throw withTokenLength(error, credentials.tokenOctets)
    if (!context.conversation.channel.isOpen) throw new WantsNewToken()
    await sasl(way, context, refusal, true).catch((second: unknown) => {
      const isLost = second instanceof Pop3Error && second.code === 'connection-lost'
      if (isLost) throw new WantsNewToken()
      const isRefused = second instanceof Pop3Error && second.code === 'login-refused'
      throw isRefused ? withTokenLength(second, credentials.tokenOctets) : second
    })
  }
}

function withTokenLength(error: Pop3Error, tokenOctets: number | undefined): Pop3Error {
  if (tokenOctets === undefined) return error
  const { phase, responseCode, serverText, cause } = error
  const advice = tokenOctets < longTokenOctets ? '' : ' (some servers take none that long)'
  const message = `${error.message}; the token has ${tokenOctets} octets${advice}`
  return new Pop3Error(error.code, message, { phase, responseCode, serverText, tokenOctets, cause })
}

async function sasl(
  way: WayOf<'sasl'>,
  { conversation, channel, capabilities, quirks, signal }: LoginContext,
  refusal: RefusalContext,
  isRetry: boolean,
): Promise<void> {
  const { mechanism } = way
  const client = await way.create({ ...channel, offered: capabilities.mechanisms }, isRetry)
  if (!client) throw new Pop3Error('no-mechanism', `${mechanism} cannot be used here`, { phase: 'login' })
  let pending = await begin(client)
  const oneLine = pending && `AUTH ${mechanism} ${encode(pending) || '='}`
  const isAllowed = quirks.bearerInOneLine || !bearers.has(mechanism)
  if (oneLine && isAllowed && (quirks.bearerInOneLine || oneLine.length + 2 <= maxInitialLine)) {
    pending = undefined
    conversation.say(oneLine, `AUTH ${mechanism} ${stars}`)
  } else conversation.say(`AUTH ${mechanism}`)
  // Until we have said something, `+OK` can only be an invitation: some servers write it so.
  for (let hasSpoken = oneLine !== undefined && !pending; ; hasSpoken = true) {
    const { status, responseCode, text } = await conversation.reply(signal)
    if (status === 'err') throw refusalOf({ status, responseCode, text }, refusal)
    if (status === 'ok' && client.isComplete && hasSpoken) return
    if (status === 'ok' && hasSpoken)
      throw conversation.channel.fail('protocol', `the server accepts before ${mechanism} is complete`)
    const response = pending ?? (await respond(client, decode(text), conversation, signal))
    pending = undefined
    conversation.respond(encode(response ?? new Uint8Array(0)))
  }
}

/** The initial response; undefined where the server begins. What cannot be sent is found here, before anything is said. */
async function begin(client: SaslClient): Promise<Uint8Array | undefined> {
  if (promptedMechanisms.has(client.name)) return undefined
  try {
    return await client.next(undefined)
  } catch (error) {
    throw badCredentials(error)
  }
}

/** An exchange that the mechanism gives up is cancelled, RFC 5034 section 4. */
async function respond(
  client: SaslClient,
  challenge: Uint8Array,
  conversation: Conversation,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await client.next(challenge)
  } catch (error) {
    conversation.respond('*')
    await conversation.reply(signal)
    throw badCredentials(error)
  }
}

function badCredentials(error: unknown): unknown {
  if (!(error instanceof SaslClientError)) return error
  const code = error.code === 'bad-credentials' ? 'bad-argument' : 'login-refused'
  return new Pop3Error(code, error.message, { phase: 'login', cause: error })
}

function encode(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}

/** What is no base64 decodes to something that no mechanism takes. */
function decode(text: string): Uint8Array {
  return Buffer.from(text.trim(), 'base64')
}
