// The mechanisms of an office: which of the table are offered on a channel, and exchanges begun with them. What is not
// offered does not work either. RFC 4422 section 3.
import type { LoginOrigin } from './login.ts'
import type { Mechanism, Sasl, SaslExchange, Verifier } from './sasl.ts'

export interface SaslParts {
  /** The strongest first. */
  readonly mechanisms: readonly Mechanism[]
  /** Names of those that may be offered; undefined means all. */
  readonly allowed: ReadonlySet<string> | undefined
  /** Whether accounts have SCRAM keys. */
  readonly offersScram: () => boolean
  readonly offersTokens: boolean
  /** Whether accounts keep their passwords themselves. */
  readonly hasSharedSecrets: () => boolean
  readonly verifierFor: (mechanism: string, origin: LoginOrigin) => Verifier
}

type Need = NonNullable<Mechanism['needs']>

export class SaslService implements Sasl {
  readonly #mechanisms: readonly Mechanism[]
  readonly #offersScram: () => boolean
  readonly #verifierFor: SaslParts['verifierFor']
  readonly #isMet: Readonly<Record<Need, (channel: LoginOrigin['channel']) => boolean>>

  constructor({ mechanisms, allowed, offersScram, offersTokens, hasSharedSecrets, verifierFor }: SaslParts) {
    this.#mechanisms = mechanisms.filter(({ name }) => allowed?.has(name) ?? true)
    this.#offersScram = offersScram
    this.#verifierFor = verifierFor
    this.#isMet = {
      'channel-binding': channel =>
        channel !== undefined &&
        (channel.binding('tls-exporter') ?? channel.binding('tls-server-end-point')) !== undefined,
      'client-certificate': channel => channel?.clientCertificate !== undefined,
      'shared-secret': hasSharedSecrets,
      tokens: () => offersTokens,
    }
  }

  mechanisms(channel: LoginOrigin['channel']): readonly string[] {
    return this.#mechanisms.filter(mechanism => this.#isOffered(mechanism, channel)).map(({ name }) => name)
  }

  begin(name: string, origin: LoginOrigin): SaslExchange | undefined {
    const wanted = name.toUpperCase()
    const mechanism = this.#mechanisms.find(each => each.name === wanted)
    if (!mechanism || !this.#isOffered(mechanism, origin.channel)) return undefined
    const offersBinding = this.#mechanisms.some(each => each.needs === 'channel-binding')
    return mechanism.begin({ ...this.#verifierFor(mechanism.name, origin), offersBinding })
  }

  #isOffered({ name, needs }: Mechanism, channel: LoginOrigin['channel']): boolean {
    if (name.startsWith('SCRAM-') && !this.#offersScram()) return false
    return needs === undefined || this.#isMet[needs](channel)
  }
}
