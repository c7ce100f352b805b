// The texts of CAPA, one for each thing that a channel can allow; rendered when first asked for.
import { type CapabilityFacts, capabilityLines } from '../wire/capability.ts'
import { multiLine } from '../wire/reply.ts'
import type { Language } from './languages/language.ts'

/** What differs between sessions of one server. */
export interface ChannelFacts {
  readonly mayStartTls: boolean
  readonly mayLogIn: boolean
  readonly mechanisms: readonly string[]
}

type SharedFacts = Omit<CapabilityFacts, 'mechanisms' | 'mayLogIn'>

/** Bounds the texts kept; there are far fewer, for mechanisms are offered by the channel and seldom change. */
const maxTexts = 64

export class CapabilityTexts {
  readonly #facts: SharedFacts
  readonly #texts = new Map<string, Uint8Array>()

  constructor(facts: SharedFacts) {
    this.#facts = facts
  }

  /** The whole reply. */
  textFor({ mayStartTls, mayLogIn, mechanisms }: ChannelFacts, language: Language): Uint8Array {
    const key = `${language.tag} ${mayStartTls} ${mayLogIn} ${mechanisms.join(' ')}`
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const ofCommands = this.#facts.ofCommands.filter(tag => {
      if (tag === 'STLS') return mayStartTls
      return mayLogIn || (tag !== 'USER' && tag !== 'SASL')
    })
    const lines = capabilityLines({ ...this.#facts, ofCommands, mechanisms, mayLogIn })
    const text = Buffer.from(multiLine(language.texts.capabilitiesFollow, lines))
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(key, text)
    return text
  }
}
