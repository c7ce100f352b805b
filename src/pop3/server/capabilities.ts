// The texts of CAPA, one for each thing that a channel can allow; rendered when first asked for.
import { type CapabilityFacts, capabilityLines } from '../wire/capability.ts'
import { multiLine } from '../wire/reply.ts'

/** What differs between sessions of one server. */
export interface ChannelFacts {
  readonly mayStartTls: boolean
  readonly mayLogIn: boolean
  readonly mechanisms: readonly string[]
}

/** Bounds the texts kept; there are far fewer, for mechanisms are offered by the channel and seldom change. */
const maxTexts = 64

export class CapabilityTexts {
  readonly #facts: Omit<CapabilityFacts, 'mechanisms'>
  readonly #texts = new Map<string, string>()

  constructor(facts: Omit<CapabilityFacts, 'mechanisms'>) {
    this.#facts = facts
  }

  /** The whole reply. */
  textFor({ mayStartTls, mayLogIn, mechanisms }: ChannelFacts): string {
    const key = `${mayStartTls} ${mayLogIn} ${mechanisms.join(' ')}`
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const ofCommands = this.#facts.ofCommands.filter(tag => {
      if (tag === 'STLS') return mayStartTls
      return mayLogIn || (tag !== 'USER' && tag !== 'SASL')
    })
    const text = multiLine(
      'capability list follows',
      capabilityLines({ ...this.#facts, ofCommands, mechanisms }),
    )
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(key, text)
    return text
  }
}
