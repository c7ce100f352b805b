// One order, RFC 8555 section 7.4, from the account to the chain of certificates: names are authorized by their
// challenges, the CA is asked until it has made up its mind, and what it gives is taken only if it fits the key.
import type { Authorization, Client, Order } from 'acme-client'
import type { CaClient } from './ca-client.ts'
import { factsOf } from './certificate-files.ts'
import type { ChallengeServer, ChallengeType } from './challenge.ts'
import { hasNames } from './due.ts'
import { AcmeFailure, failureOf, oneLine } from './failure.ts'

export interface OrderOptions {
  readonly domains: readonly string[]
  readonly contact: string | undefined
  readonly agreeTerms: boolean
  readonly challengeType: ChallengeType
  readonly challenges: ChallengeServer
  /** The private key the certificate is for, as PEM. */
  readonly key: string
  readonly now: () => number
  /** Waits; rejects when the run is given up. */
  readonly sleep: (ms: number) => Promise<void>
}

const firstPollMs = 1_000
const slowestPollMs = 30_000
/** With the pauses above some ten minutes, in which any CA has decided. */
const maxPolls = 30

/** Gives the chain as PEM; rejects with an `AcmeFailure`. */
export async function obtainChain(ca: CaClient, options: OrderOptions): Promise<string> {
  const { client } = ca
  await openAccount(client, options)
  const { domains } = options
  const order = await client.createOrder({ identifiers: domains.map(value => ({ type: 'dns', value })) })
  checkAuthorizations(order, domains)
  await authorize(ca, order, options)
  const ready = await pollOrder(ca, order, options, ['ready', 'valid'])
  const { crypto } = await import('acme-client')
  const [, request] = await crypto.createCsr({ altNames: [...domains] }, options.key)
  const finalized = ready.status === 'valid' ? ready : await client.finalizeOrder(ready, request)
  const valid = await pollOrder(ca, finalized, options, ['valid'])
  const chain: unknown = await client.getCertificate(valid)
  return checkChain(chain, options)
}

/** Registers the key, or finds the account that it has already. */
async function openAccount(client: Client, { agreeTerms, contact }: OrderOptions): Promise<void> {
  const terms: unknown = agreeTerms ? undefined : await client.getTermsOfServiceUrl()
  if (typeof terms === 'string') {
    throw new AcmeFailure(`the CA wants its terms to be agreed to: ${oneLine(terms)}`)
  }
  await client.createAccount({
    ...(agreeTerms ? { termsOfServiceAgreed: true } : {}),
    ...(contact === undefined ? {} : { contact: [contact] }),
  })
}

/** One for each name: an order of thousands would keep us busy for hours. */
function checkAuthorizations({ authorizations }: Order, domains: readonly string[]): void {
  const given: unknown = authorizations
  if (
    !Array.isArray(given) ||
    given.length > domains.length ||
    !given.every(url => typeof url === 'string')
  ) {
    throw new AcmeFailure('the CA gives an order whose authorizations make no sense')
  }
}

async function authorize(ca: CaClient, order: Order, options: OrderOptions): Promise<void> {
  let authorizations = await ca.client.getAuthorizations(order)
  for (const authorization of authorizations) await respond(ca.client, authorization, options)
  for (let polls = 0; ; polls += 1) {
    for (const authorization of authorizations) failIfRefused(authorization)
    if (authorizations.every(({ status }) => status === 'valid')) return
    await pause(ca, polls, options)
    authorizations = await ca.client.getAuthorizations(order)
  }
}

/** Shows what the challenge asks for, and tells the CA to look. */
async function respond(client: Client, authorization: Authorization, options: OrderOptions): Promise<void> {
  if (authorization.status !== 'pending') return
  const domain = authorization.identifier.value
  const { challengeType } = options
  const challenge = authorization.challenges.find(({ type }) => (type as string) === challengeType)
  if (!challenge) throw new AcmeFailure(`the CA offers no ${challengeType} for ${oneLine(domain)}`)
  if (!/^[\w-]{1,200}$/.test(challenge.token)) {
    throw new AcmeFailure(`the CA gives a token that is none for ${oneLine(domain)}`)
  }
  const keyAuthorization = await client.getChallengeKeyAuthorization(challenge)
  await options.challenges.answer({ domain, token: challenge.token, keyAuthorization })
  await client.completeChallenge(challenge)
}

function failIfRefused({ identifier, status, challenges }: Authorization): void {
  if (status === 'pending' || status === 'valid') return
  const otherwise = `the authorization is ${status}`
  const { message, problem } = failureOf(challenges.find(({ error }) => error)?.error, otherwise)
  throw new AcmeFailure(`${oneLine(identifier.value)}: ${message}`, { problem })
}

async function pollOrder(
  ca: CaClient,
  order: Order,
  options: OrderOptions,
  wanted: readonly Order['status'][],
): Promise<Order> {
  let current = order
  for (let polls = 0; !wanted.includes(current.status); polls += 1) {
    if (current.status === 'invalid') throw failureOf(current.error, 'the CA calls the order invalid')
    // The first time at once: the order at hand is from before the challenges.
    if (polls > 0) await pause(ca, polls - 1, options)
    current = await ca.client.getOrder(order)
  }
  return current
}

async function pause(ca: CaClient, polls: number, { sleep }: OrderOptions): Promise<void> {
  if (polls >= maxPolls) throw new AcmeFailure('the CA does not come to a decision')
  const ownMs = firstPollMs * 1.5 ** Math.min(polls, 20)
  await sleep(Math.min(Math.max(ownMs, ca.retryAfterMs ?? 0), slowestPollMs))
}

function checkChain(chain: unknown, { key, domains, now }: OrderOptions): string {
  const facts = typeof chain === 'string' ? factsOf({ key, chain }) : undefined
  if (typeof chain !== 'string' || !facts) {
    throw new AcmeFailure('the CA gives no certificate that fits the key')
  }
  if (!hasNames(facts, domains)) throw new AcmeFailure('the CA gives a certificate with other names')
  if (facts.notAfter <= now()) {
    throw new AcmeFailure(
      'the CA gives a certificate that has expired, or the clock of this machine is wrong',
    )
  }
  return chain
}
