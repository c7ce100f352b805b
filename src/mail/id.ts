// Identifiers made by the application: 128 bits, time-ordered, 26 characters (the ULID form), so that rows of one
// time lie together in every index and no database sequence is needed. A message's first UIDL is such an id.
import { randomFillSync } from 'node:crypto'

/** 26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 random bits. */
export type Id = string

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const randomPool = new Uint8Array(16 * 512)
let poolOffset = randomPool.length
let lastTime = -1
let timePart = ''

/** A new id; ids of different milliseconds sort by their time. */
export function createId(now: number = Date.now()): Id {
  if (now !== lastTime) {
    lastTime = now
    timePart = encodeTime(now)
  }
  if (poolOffset === randomPool.length) {
    randomFillSync(randomPool)
    poolOffset = 0
  }
  let id = timePart
  for (let i = 0; i < 16; i++) id += alphabet[(randomPool[poolOffset++] ?? 0) & 31]
  return id
}

function encodeTime(milliseconds: number): string {
  let rest = milliseconds
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = (alphabet[rest % 32] ?? '0') + text
    rest = Math.floor(rest / 32)
  }
  return text
}
