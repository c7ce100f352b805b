// The entries of fetchmail's run control file, as fetchmail 6.4 reads them: servers with their users, each with its options
// in any order. What they mean is told by fetchmail.ts.
import {
  type Arity,
  entryWords,
  globalOptions,
  noiseWords,
  serverOptions,
  spellings,
  userOptions,
  userWords,
} from './fetchmail-keywords.ts'
import { fetchmailTokens, type Token } from './fetchmail-tokens.ts'
import { ForeignFileError } from './foreign.ts'

/** `isOff`: `no` stood before it. */
export interface RcOption {
  readonly words: readonly Token[]
  readonly isOff: boolean
}

export type RcOptions = Map<string, RcOption>

export interface RcUser {
  remote: string | undefined
  /** Local names; `a=b` where mail for a goes to b. */
  locals: readonly string[]
  readonly options: RcOptions
}

export interface RcEntry {
  readonly verb: 'poll' | 'skip' | 'defaults'
  readonly name: string
  readonly line: number
  readonly server: RcOptions
  readonly users: RcUser[]
}

export interface RunControl {
  readonly globals: RcOptions
  readonly entries: readonly RcEntry[]
  readonly remarks: readonly string[]
}

/** The first argument, unless it is turned off. */
export function textOf(options: RcOptions, name: string): string | undefined {
  const option = options.get(name)
  return option?.isOff ? undefined : option?.words[0]?.text
}

export function wordsOf(options: RcOptions, name: string): string[] {
  return options.get(name)?.words.map(({ text }) => text) ?? []
}

export function isOn(options: RcOptions, name: string): boolean {
  return options.get(name)?.isOff === false
}

/** Throws `ForeignFileError` for what fetchmail could not read either, as far as it cannot be left out. */
export function parseRunControl(text: string, file: string): RunControl {
  return new Reader(fetchmailTokens(text, file), file).read()
}

class Reader {
  readonly #tokens: readonly Token[]
  readonly #file: string
  readonly #globals: RcOptions = new Map()
  readonly #entries: RcEntry[] = []
  /** Lines with words that nobody knows. They are not shown: a password may be among them. */
  readonly #strangeLines = new Set<number>()
  #at = 0

  constructor(tokens: readonly Token[], file: string) {
    this.#tokens = tokens
    this.#file = file
  }

  read(): RunControl {
    while (this.#at < this.#tokens.length) this.#readWord()
    const lines = [...this.#strangeLines]
    const remarks = lines.map(
      line => `${this.#file}, line ${line}: a word here is not understood, and left out`,
    )
    return { globals: this.#globals, entries: this.#entries, remarks }
  }

  #readWord(): void {
    const token = this.#next()
    const word = keywordOf(token)
    if (word !== undefined && noiseWords.has(word)) return
    if (word === 'set') this.#readOption(this.#next(), { isGlobal: true })
    else if (word === 'poll' || word === 'skip' || word === 'defaults') this.#openEntry(word, token.line)
    else if (word === 'user') this.#openUser()
    else if (word === 'is' || word === 'to') this.#readLocals()
    else this.#readOption(token, { isGlobal: false })
  }

  #openEntry(verb: RcEntry['verb'], line: number): void {
    const name = verb === 'defaults' ? '' : this.#next().text
    this.#entries.push({ verb, name, line, server: new Map(), users: [] })
  }

  /** `user REMOTE [there]`, or `user LOCAL here is REMOTE there`. */
  #openUser(): void {
    const { text, line } = this.#next()
    const user: RcUser = { remote: undefined, locals: [], options: new Map() }
    if (this.#takes('here')) user.locals = [text]
    else user.remote = text
    if (user.remote !== undefined) this.#takes('there')
    this.#entry(line).users.push(user)
  }

  #readLocals(): void {
    const names: string[] = []
    const line = this.#tokens[this.#at]?.line ?? 0
    for (const { text } of this.#list()) {
      if (this.#takesMark('=')) names.push(`${text}=${this.#next().text}`)
      else names.push(text)
    }
    const user = this.#user(line)
    if (this.#takes('there')) user.remote = names[0]
    else {
      this.#takes('here')
      user.locals = [...user.locals, ...names]
    }
  }

  #readOption(token: Token, { isGlobal }: { isGlobal: boolean }): void {
    const isOff = keywordOf(token) === 'no' || negated(token) !== undefined
    const word = keywordOf(token) === 'no' ? keywordOf(this.#next()) : (negated(token) ?? keywordOf(token))
    const table = isGlobal
      ? globalOptions
      : word !== undefined && serverOptions.has(word)
        ? serverOptions
        : userOptions
    const arity = word === undefined ? undefined : table.get(word)
    if (word === undefined || arity === undefined) {
      this.#strangeLines.add(token.line)
      return
    }
    const options = isGlobal ? this.#globals : this.#optionsOf(word, token.line)
    const before = arity === 'list' ? (options.get(word)?.words ?? []) : []
    options.set(word, { words: [...before, ...this.#arguments(arity, isOff)], isOff })
  }

  #optionsOf(word: string, line: number): RcOptions {
    return serverOptions.has(word) ? this.#entry(line).server : this.#user(line).options
  }

  #arguments(arity: Arity, isOff: boolean): readonly Token[] {
    if (arity === 'flag' || (isOff && arity === 'envelope')) return []
    if (arity === 'list') return [...this.#list()]
    const first = this.#next()
    return arity === 'envelope' && /^\d+$/.test(first.text) && !first.isQuoted ? [this.#next()] : [first]
  }

  /** Up to a keyword; the first may look like one. */
  *#list(): Generator<Token> {
    yield this.#next()
    for (let token = this.#tokens[this.#at]; token; token = this.#tokens[this.#at]) {
      const word = keywordOf(token)
      if ((word !== undefined && !noiseWords.has(word)) || negated(token) !== undefined) return
      this.#at += 1
      if (word === undefined) yield token
    }
  }

  #takes(word: string): boolean {
    const token = this.#tokens[this.#at]
    if (!token || keywordOf(token) !== word) return false
    this.#at += 1
    return true
  }

  #takesMark(mark: string): boolean {
    const token = this.#tokens[this.#at]
    if (!token || token.isQuoted || token.text !== mark) return false
    this.#at += 1
    return true
  }

  #next(): Token {
    const token = this.#tokens[this.#at]
    if (!token) throw new ForeignFileError(`${this.#file}: it ends where a word was to come`)
    this.#at += 1
    return token
  }

  #entry(line: number): RcEntry {
    const entry = this.#entries.at(-1)
    if (!entry) throw new ForeignFileError(`${this.#file}, line ${line}: an option before the first \`poll\``)
    return entry
  }

  /** Options before the first `user` are of a user whom the defaults name. */
  #user(line: number): RcUser {
    const { users } = this.#entry(line)
    const user = users.at(-1) ?? { remote: undefined, locals: [], options: new Map() }
    if (users.length === 0) users.push(user)
    return user
  }
}

/** The one spelling of a keyword; undefined for any other word. */
function keywordOf({ text, isQuoted }: Token): string | undefined {
  if (isQuoted) return undefined
  const word = spellings.get(text) ?? text
  const isKnown = [noiseWords, entryWords, userWords].some(words => words.has(word))
  return isKnown || serverOptions.has(word) || userOptions.has(word) || globalOptions.has(word)
    ? word
    : undefined
}

/** The option that is turned off in one word, `nokeep`. */
function negated({ text, isQuoted }: Token): string | undefined {
  const [, word] = /^no(.+)$/.exec(text) ?? []
  if (isQuoted || word === undefined) return undefined
  const tables = [serverOptions, userOptions, globalOptions]
  return tables.some(table => table.get(word) === 'flag') ? word : undefined
}
