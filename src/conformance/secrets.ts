// The user's password and what is made of it, found in octets wherever a client or a server may put them, so that no report
// and no file has them; names stand in their place, which a replay that knows the password fills in again.

/** A piece of a text that must not be shown. */
export interface Hidden {
  readonly start: number
  readonly end: number
  /** What stands for it, without braces: `password`, `base64 \x00ann\x00{password}`, `hidden 12`. */
  readonly name: string
}

/** Shorter beginnings of a password are no secret, and would be found everywhere. */
const minPartOctets = 4
const base64Run = /[A-Za-z0-9+/]{4,}={0,2}/g
/** What answers a challenge lets everybody try passwords at home: APOP, and proofs in the base64 of SASL mechanisms. */
const apopDigest = /APOP [^\r\n]{1,256} ([0-9a-f]{32})(?=\r?\n|$)/gi
const proofs = [/^\S+ [0-9a-f]{32}$/i, /^[^\r\n]*,p=[A-Za-z0-9+/=]+$/]

export class Secrets {
  readonly #password: string
  readonly #patterns: readonly string[]

  /** The password's octets as latin1; without one nothing is hidden. */
  constructor(password: string) {
    this.#password = password
    this.#patterns = base64Cores(password)
  }

  /** What must not be shown of the text (latin1), in order and not overlapping. */
  find(text: string): readonly Hidden[] {
    if (this.#password === '') return []
    const all = [...this.#encoded(text), ...answers(text), ...this.#literal(text), ...this.#cores(text)]
    all.sort((a, b) => a.start - b.start || b.end - a.end)
    let at = 0
    return all.filter(({ start, end }) => {
      const isFree = start >= at
      if (isFree) at = end
      return isFree
    })
  }

  /** The text with `{password}` and the like in their place: for sentences. */
  hide(text: string): string {
    let shown = ''
    let at = 0
    for (const { start, end, name } of this.find(text)) {
      shown += `${text.slice(at, start)}{${name.replace(/ .*/s, '')}}`
      at = end
    }
    return shown + text.slice(at)
  }

  /** What a name stands for; undefined where that cannot be known. */
  reveal(name: string): string | undefined {
    if (name === 'password') return this.#password
    if (!name.startsWith('base64 ')) return undefined
    const parts = name.slice('base64 '.length).split(/(\{password(?:\[0:\d+\])?\})/)
    const plain = parts.map((part, at) => {
      if (at % 2 === 0) return unescaped(part)
      const [, end] = /:(\d+)/.exec(part) ?? []
      return this.#password.slice(0, end === undefined ? undefined : Number(end))
    })
    return Buffer.from(plain.join(''), 'latin1').toString('base64')
  }

  /** The password, or a beginning of it of more than its half, in whatever case. */
  #literal(text: string): readonly Hidden[] {
    const password = this.#password
    const least = Math.max(Math.min(minPartOctets, password.length), Math.ceil(password.length * 0.6))
    const [sought, lower] = [password.toLowerCase(), text.toLowerCase()]
    const found: Hidden[] = []
    for (let start = lower.indexOf(sought.slice(0, least)); start >= 0; ) {
      let end = start + least
      while (end - start < password.length && lower[end] === sought[end - start]) end++
      const isExact = text.slice(start, end) === password.slice(0, end - start)
      const part = end - start === password.length ? 'password' : `password[0:${end - start}]`
      found.push({ start, end, name: isExact ? part : `hidden ${end - start}` })
      start = lower.indexOf(sought.slice(0, least), end)
    }
    return found
  }

  /** Base64 that has the password in it, as PLAIN and LOGIN send it, or a proof. */
  #encoded(text: string): readonly Hidden[] {
    return [...text.matchAll(base64Run)].flatMap(({ 0: run, index: start }) => {
      const plain = Buffer.from(run, 'base64').toString('latin1')
      const hidden = { start, end: start + run.length, name: `hidden ${run.length}` }
      if (proofs.some(proof => proof.test(plain))) return [hidden]
      const inside = this.#literal(plain)
      if (inside.length === 0) return []
      const isCanonical = Buffer.from(plain, 'latin1').toString('base64') === run
      if (!isCanonical || inside.some(({ name }) => name.startsWith('hidden'))) return [hidden]
      return [{ ...hidden, name: `base64 ${withNames(plain, inside)}` }]
    })
  }

  /** Base64 of the password amid what is no good base64. */
  #cores(text: string): readonly Hidden[] {
    return this.#patterns.flatMap(pattern => {
      const start = text.indexOf(pattern)
      const end = start + pattern.length
      return start < 0 ? [] : [{ start, end, name: `hidden ${pattern.length}` }]
    })
  }
}

function withNames(text: string, hidden: readonly Hidden[]): string {
  let shown = ''
  let at = 0
  for (const { start, end, name } of hidden) {
    shown += `${escaped(text.slice(at, start))}{${name}}`
    at = end
  }
  return shown + escaped(text.slice(at))
}

function answers(text: string): readonly Hidden[] {
  return [...text.matchAll(apopDigest)].map(({ 0: whole, index }) => {
    const end = index + whole.length
    return { start: end - 32, end, name: 'hidden 32' }
  })
}

/** The characters that base64 has for the password wherever in a group of three octets it begins. */
function base64Cores(password: string): readonly string[] {
  if (password.length <= minPartOctets) return []
  return [0, 1, 2].map(before => {
    const octets = Buffer.from('\0'.repeat(before) + password, 'latin1')
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor((octets.length * 8) / 6)
    return octets.toString('base64').slice(first, last)
  })
}

/** Octets (latin1) as a line of printable US-ASCII; braces are escaped too, so that names in braces can stand in it. */
export function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]|[\\{}]/g, character => {
    const known: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }
    return known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** Undoes `escaped`. What is no escape is left as it is. */
export function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|([rnt\\]))/g, (_, hex: string | undefined, letter = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    const known: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' }
    return known[letter as string] ?? ''
  })
}
