// What a server says it can do, RFC 2449, and what it was seen to do.

/** Where a capability was seen: before login in clear, under TLS, after login; or tried, though nothing announced it. */
export type CapabilitySource = 'clear' | 'tls' | 'login' | 'probe'

export class Capabilities {
  readonly #found = new Map<
    string,
    { readonly values: readonly string[]; readonly source: CapabilitySource }
  >()

  /** In any case of its letters. */
  has(tag: string): boolean {
    return this.#found.has(tag.toUpperCase())
  }

  /** Its arguments; undefined when the server does not have it. */
  values(tag: string): readonly string[] | undefined {
    return this.#found.get(tag.toUpperCase())?.values
  }

  sourceOf(tag: string): CapabilitySource | undefined {
    return this.#found.get(tag.toUpperCase())?.source
  }

  get tags(): readonly string[] {
    return [...this.#found.keys()]
  }

  /** Names of SASL mechanisms in upper case. */
  get mechanisms(): readonly string[] {
    return (this.values('SASL') ?? []).map(name => name.toUpperCase())
  }

  /** Takes the lines of an answer to CAPA; what was known of a tag from elsewhere gives way to it. */
  add(lines: readonly string[], source: CapabilitySource): void {
    for (const line of lines) {
      const [tag = '', ...values] = line.trim().split(/[ \t]+/)
      if (tag !== '') this.#found.set(tag.toUpperCase(), { values, source })
    }
  }

  /** What was said in clear is worth nothing under TLS, RFC 2595 section 4. */
  forget(): void {
    this.#found.clear()
  }
}
