// The texts of CAPA, one for each thing that a channel and an account can allow; rendered when first asked for.
import { type CapabilityFacts, capabilityLines, type Promised } from '../wire/capability.ts'
import { multiLine } from '../wire/reply.ts'
import type { Language } from './languages/language.ts'

/** What differs between sessions of one server. */
export interface SessionFacts {
  readonly mayStartTls: boolean
  readonly mayLogIn: boolean
  readonly mechanisms: readonly string[]
  /** Before login what holds for everybody, then what holds for the account. */
  readonly expire: Promised<'NEVER' | number> | undefined
  readonly loginDelay: Promised<number> | undefined
}

type SharedFacts = Pick<CapabilityFacts, 'ofCommands' | 'implementation'>

/** Bounds the texts kept; there are far fewer, for mechanisms are offered by the channel and seldom change. */
const maxTexts = 64

export class CapabilityTexts {
  readonly #facts: SharedFacts
  readonly #texts = new Map<string, Uint8Array>()

  constructor(facts: SharedFacts) {
    this.#facts = facts
  }

  /** The whole reply. */
  textFor(facts: SessionFacts, language: Language): Uint8Array {
    const { mayStartTls, mayLogIn, mechanisms, expire, loginDelay } = facts
    const promises = [expire, loginDelay].map(promise => promise && `${promise.value}${promise.differs}`)
    const key = [language.tag, mayStartTls, mayLogIn, ...promises, ...mechanisms].join(' ')
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const ofCommands = this.#facts.ofCommands.filter(tag => {
      if (tag === 'STLS') return mayStartTls
      return mayLogIn || (tag !== 'USER' && tag !== 'SASL')
    })
    const lines = capabilityLines({ ...this.#facts, ...facts, ofCommands })
    const text = Buffer.from(multiLine(language.texts.capabilitiesFollow, lines))
    if (this.#texts.size >= maxTexts) this.#texts.clear()
    this.#texts.set(key, text)
    return text
  }
}
