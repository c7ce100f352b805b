// Sealed secrets: what opens them, and that nothing else does.
import { describe, expect, it } from 'vitest'
import { createSecretBox } from '../../src/auth/sealed-secret.ts'

const key = (octet: number) => new Uint8Array(32).fill(octet)
const secret = Buffer.from('pässword')
const box = createSecretBox(key(1))

describe('a sealed secret', () => {
  it('opens for its owner, in another box with the same key too', () => {
    const sealed = box.seal(secret, 'ann')
    expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]+$/)
    expect(box.open(sealed, 'ann')).toEqual(secret)
    expect(createSecretBox(key(1)).open(sealed, 'ann')).toEqual(secret)
  })

  it.each([0, 1, 248, 2000])('may have %d octets', length => {
    const octets = Buffer.alloc(length, 7)
    expect(box.open(box.seal(octets, 'ann'), 'ann')).toEqual(octets)
  })

  it('looks different each time, and never holds the secret', () => {
    const all = Array.from({ length: 100 }, () => box.seal(secret, 'ann'))
    expect(new Set(all).size).toBe(100)
    for (const sealed of all)
      expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(secret)).toBe(false)
  })

  it('does not open for another owner', () => {
    expect(box.open(box.seal(secret, 'ann'), 'bob')).toBeUndefined()
    expect(box.open(box.seal(secret, 'ann'), '')).toBeUndefined()
  })

  it('does not open with another key, and is told from one that was changed', () => {
    const other = createSecretBox(key(2))
    const sealed = box.seal(secret, 'ann')
    expect(other.open(sealed, 'ann')).toBeUndefined()
    expect(other.isOwn(sealed)).toBe(false)
    expect(box.isOwn(sealed)).toBe(true)
    // Not even when the name of the key is exchanged.
    const forged = [...other.seal(secret, 'ann').split('.').slice(0, 2), sealed.split('.')[2]].join('.')
    expect(other.isOwn(forged)).toBe(true)
    expect(other.open(forged, 'ann')).toBeUndefined()
  })

  it('does not open when any one bit of it was changed', () => {
    const sealed = box.seal(secret, 'ann')
    const [version, name, text = ''] = sealed.split('.')
    const octets = Buffer.from(text, 'base64url')
    for (let bit = 0; bit < octets.length * 8; bit++) {
      const changed = Buffer.from(octets)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(
        box.open([version, name, changed.toString('base64url')].join('.'), 'ann'),
        `${bit}`,
      ).toBeUndefined()
    }
  })

  it.each([
    ['nothing', ''],
    ['another version', box.seal(secret, 'ann').replace('v1', 'v2')],
    ['no octets', box.seal(secret, 'ann').split('.').slice(0, 2).join('.')],
    ['less than a tag', `${box.seal(secret, 'ann').slice(0, 12)}AAAA`],
    ['its end gone', box.seal(secret, 'ann').slice(0, -4)],
    ['something behind', `${box.seal(secret, 'ann')}\n`],
    ['the password itself', 'pässword'],
    ['far too long', `${box.seal(secret, 'ann')}${'A'.repeat(1_000_000)}`],
  ])('does not open: %s', (_why, sealed) => {
    expect(box.open(sealed, 'ann')).toBeUndefined()
  })
})

it.each([0, 16, 31, 33])('a key of %d octets is none', octets => {
  expect(() => createSecretBox(new Uint8Array(octets))).toThrow('32 octets')
})
