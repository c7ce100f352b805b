// Finds the line on which a key of a TOML document stands; the parser does not say. Reads only documents that the
// parser has accepted, so every string, list and table is known to end.

/** Names of tables and keys; numbers are places in lists. */
export type KeyPath = readonly (string | number)[]

/** The lines of all keys of the document, tables and list items included. */
export class KeyLines {
  readonly #lines = new Map<string, number>()
  readonly #text: string
  #offset = 0
  #line = 1

  constructor(text: string) {
    this.#text = text
    this.#readDocument()
  }

  /** The line of the key, else of the nearest table or list around it; undefined for the document itself. */
  lineOf(path: KeyPath): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(nameOf(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return undefined
  }

  #readDocument(): void {
    let table: KeyPath = []
    const itemsOfLists = new Map<string, number>()
    for (this.#skipBlank(); this.#offset < this.#text.length; this.#skipBlank()) {
      if (this.#peek() !== '[') {
        this.#readPair(table)
        continue
      }
      const isItem = this.#text.startsWith('[[', this.#offset)
      this.#advance(isItem ? 2 : 1)
      table = this.#readKey([], itemsOfLists)
      this.#note(table)
      if (isItem) {
        const name = nameOf(table)
        const item = (itemsOfLists.get(name) ?? -1) + 1
        itemsOfLists.set(name, item)
        table = [...table, item]
        this.#note(table)
      }
      this.#advance(isItem ? 2 : 1)
    }
  }

  #readPair(table: KeyPath): void {
    const path = this.#readKey(table)
    this.#advance(1)
    this.#skipSpace()
    this.#readValue(path)
  }

  /** A key with its dots, up to the `=` or `]` behind it. Within a table's header, names of lists mean their last item. */
  #readKey(table: KeyPath, itemsOfLists?: ReadonlyMap<string, number>): KeyPath {
    let path = table
    for (;;) {
      this.#skipSpace()
      const item = itemsOfLists?.get(nameOf(path))
      if (item !== undefined) path = [...path, item]
      path = [...path, this.#readName()]
      if (!itemsOfLists) this.#note(path)
      this.#skipSpace()
      if (this.#peek() !== '.') return path
      this.#advance(1)
    }
  }

  #readName(): string {
    const quote = this.#peek()
    const start = this.#offset
    if (quote !== '"' && quote !== "'") {
      this.#skip(/[A-Za-z0-9_-]*/y)
      return this.#text.slice(start, this.#offset)
    }
    this.#skipString()
    const raw = this.#text.slice(start + 1, this.#offset - 1)
    return quote === "'" ? raw : unescaped(raw)
  }

  #readValue(path: KeyPath): void {
    const first = this.#peek()
    if (first === '"' || first === "'") this.#skipString()
    else if (first === '[') this.#readList(path)
    else if (first === '{') this.#readInlineTable(path)
    else this.#skip(/[^,\]}#\n]*/y)
  }

  #readList(path: KeyPath): void {
    this.#advance(1)
    for (let item = 0; this.#offset < this.#text.length; item++) {
      this.#skipBlank()
      if (this.#peek() === ']') break
      const itemPath = [...path, item]
      this.#note(itemPath)
      this.#readValue(itemPath)
      this.#skipBlank()
      if (this.#peek() === ',') this.#advance(1)
    }
    this.#advance(1)
  }

  #readInlineTable(path: KeyPath): void {
    this.#advance(1)
    while (this.#offset < this.#text.length) {
      this.#skipBlank()
      if (this.#peek() === '}') break
      this.#readPair(path)
      this.#skipBlank()
      if (this.#peek() === ',') this.#advance(1)
    }
    this.#advance(1)
  }

  #skipString(): void {
    for (const multiLine of [/"""(?:[^\\"]|\\[^]|"{1,2}(?!"))*"{3,5}/y, /'''(?:[^']|'{1,2}(?!'))*'{3,5}/y]) {
      if (this.#skip(multiLine)) return
    }
    this.#skip(this.#peek() === '"' ? /"(?:[^\\"]|\\.)*"/y : /'[^']*'/y)
  }

  #skipSpace(): void {
    this.#skip(/[ \t]*/y)
  }

  /** Spaces, line ends and comments. */
  #skipBlank(): void {
    this.#skip(/(?:\s|#.*)*/y)
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset
    const found = pattern.exec(this.#text)?.[0]
    if (!found) return false
    this.#advance(found.length)
    return true
  }

  #advance(characters: number): void {
    const end = this.#offset + characters
    this.#line += this.#text.slice(this.#offset, end).split('\n').length - 1
    this.#offset = end
  }

  #peek(): string | undefined {
    return this.#text[this.#offset]
  }

  #note(path: KeyPath): void {
    const name = nameOf(path)
    if (!this.#lines.has(name)) this.#lines.set(name, this.#line)
  }
}

function nameOf(path: KeyPath): string {
  return JSON.stringify(path)
}

function unescaped(raw: string): string {
  const short: Record<string, string> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' }
  return raw.replace(
    /\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|(.))/gi,
    (_, u?: string, U?: string, x?: string, c = '') => {
      const code = u ?? U ?? x
      return code === undefined
        ? (short[c as string] ?? (c as string))
        : String.fromCodePoint(parseInt(code, 16))
    },
  )
}
