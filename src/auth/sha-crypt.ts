// SHA-crypt, the `$5$` and `$6$` of crypt(3), as its specification of 2007 has it: on octets, for passwords of every
// length (https://www.akkadia.org/drepper/SHA-crypt.txt, with its step numbers below). Costs are bounded, so that a
// stored string cannot keep a thread for minutes.
import { hash, timingSafeEqual } from 'node:crypto'

interface Variant {
  readonly algorithm: 'sha256' | 'sha512'
  readonly digestOctets: number
  /** Step 22: the order in which octets are written down, three to four characters. */
  readonly order: readonly (readonly number[])[]
}

/** Of `count` octets, each group being the one before with every number moved by `step` and turned. */
function groupsOf(first: readonly number[], count: number, next: (group: number[]) => number[]): number[][] {
  const groups = [[...first]]
  while (groups.length < count) groups.push(next(groups.at(-1) ?? []))
  return groups
}

const variants: Readonly<Record<string, Variant>> = {
  5: {
    algorithm: 'sha256',
    digestOctets: 32,
    order: [...groupsOf([0, 10, 20], 10, ([a = 0, b = 0, c = 0]) => [c + 1, a + 1, b + 1]), [31, 30]],
  },
  6: {
    algorithm: 'sha512',
    digestOctets: 64,
    order: [...groupsOf([0, 21, 42], 21, ([a = 0, b = 0, c = 0]) => [b + 1, c + 1, a + 1]), [63]],
  },
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** What is written down without `rounds=`. */
const defaultRounds = 5000
const minRounds = 1000
/** The specification allows 999,999,999, which would take a quarter of an hour. */
const maxRounds = 999_999
/** As crypt(3) has it; the work grows with the square of the length. */
const maxPasswordOctets = 512

const form = /^\$([56])\$(?:rounds=([1-9]\d{0,8})\$)?([./0-9A-Za-z]{0,16})\$([./0-9A-Za-z]+)$/

/** How to verify a password against the string; undefined when it is no SHA-crypt, or one of too many rounds. */
export function parseShaCrypt(stored: string): ((password: Uint8Array) => boolean) | undefined {
  const [, id = '', roundsText, salt = '', expected = ''] = form.exec(stored) ?? []
  const variant = variants[id]
  const rounds = roundsText === undefined ? defaultRounds : Number(roundsText)
  if (!variant || rounds < minRounds || rounds > maxRounds) return undefined
  if (expected.length !== Math.ceil((variant.digestOctets * 4) / 3)) return undefined
  return password =>
    password.length <= maxPasswordOctets &&
    !password.includes(0) && // where crypt(3) would have ended it
    timingSafeEqual(
      Buffer.from(encode(variant, digestOf(variant, password, Buffer.from(salt), rounds))),
      Buffer.from(expected),
    )
}

function digestOf(variant: Variant, password: Uint8Array, salt: Uint8Array, rounds: number): Uint8Array {
  const digest = (...pieces: readonly Uint8Array[]): Uint8Array =>
    hash(variant.algorithm, Buffer.concat(pieces), 'buffer')
  const b = digest(password, salt, password) // steps 4 to 8
  const bits: Uint8Array[] = []
  for (let left = password.length; left > 0; left >>= 1) bits.push(left & 1 ? b : password)
  const a = digest(password, salt, repeated(b, password.length), ...bits) // steps 1 to 12
  const p = repeated(digest(...Array<Uint8Array>(password.length).fill(password)), password.length)
  const s = repeated(digest(...Array<Uint8Array>(16 + (a[0] ?? 0)).fill(salt)), salt.length)
  return stretched(variant, a, p, s, rounds)
}

/** Step 21. What a round hashes depends on its number alone, modulo 42, but for the digest in it. */
function stretched(
  variant: Variant,
  a: Uint8Array,
  p: Uint8Array,
  s: Uint8Array,
  rounds: number,
): Uint8Array {
  const nothing = new Uint8Array(0)
  const inputs = Array.from({ length: 42 }, (_, round) => {
    const between = [round % 3 ? s : nothing, round % 7 ? p : nothing]
    const input = Buffer.concat(round % 2 ? [p, ...between, a] : [a, ...between, p])
    return { input, digestAt: round % 2 ? input.length - a.length : 0 }
  })
  let current = a
  for (let round = 0; round < rounds; round += 1) {
    const { input, digestAt } = inputs[round % 42] ?? { input: nothing, digestAt: 0 }
    input.set(current, digestAt)
    current = hash(variant.algorithm, input, 'buffer')
  }
  return current
}

/** `octets` repeated and cut to a length. Steps 9, 16 and 20. */
function repeated(octets: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => octets[index % octets.length] ?? 0)
}

function encode({ order }: Variant, digest: Uint8Array): string {
  let text = ''
  for (const group of order) {
    let value = group.reduce((sum, index) => (sum << 8) | (digest[index] ?? 0), 0)
    for (let count = group.length + 1; count > 0; count -= 1) {
      text += alphabet[value & 63] ?? ''
      value >>= 6
    }
  }
  return text
}
