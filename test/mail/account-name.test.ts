// What may be an account or an alias, and why not.
import { describe, expect, it } from 'vitest'
import { domainFault, domainOf, parseAccountName, parseAliasAddress } from '../../src/mail/account-name.ts'
import { Refusal } from '../../src/mail/errors.ts'

const goodNames: readonly { why: string; text: string; name: string }[] = [
  { why: 'plain', text: 'ann', name: 'ann' },
  { why: 'folded', text: 'Ann.Lee', name: 'ann.lee' },
  { why: 'digits first', text: '2026', name: '2026' },
  { why: 'every character of an atom', text: "a!#$%&'*+-/=?^_`{|}~", name: "a!#$%&'*+-/=?^_`{|}~" },
  { why: 'with a domain', text: 'ann@Example.net', name: 'ann@example.net' },
  { why: 'beyond ASCII, RFC 6531 section 3.3', text: 'Jürgen', name: 'jürgen' },
  { why: 'one spelling of many: NFC', text: 'Ju\u0308rgen', name: 'jürgen' },
  { why: 'a domain in punycode', text: 'ann@xn--bcher-kva.example', name: 'ann@bücher.example' },
  { why: 'the longest', text: 'a'.repeat(64), name: 'a'.repeat(64) },
]

const badNames: readonly { why: string; text: string; says: string }[] = [
  { why: 'nothing', text: '', says: 'the name is empty' },
  { why: 'nothing before the @', text: '@example.net', says: 'the name is empty' },
  { why: 'nothing after it', text: 'ann@', says: 'the domain is empty' },
  { why: 'a space', text: 'ann lee', says: 'no spaces are allowed' },
  { why: 'a space beyond ASCII', text: 'ann\u00a0lee', says: 'no spaces are allowed' },
  { why: 'a line end, which would end a command', text: 'ann\r\nQUIT', says: 'no spaces are allowed' },
  { why: 'NUL', text: 'ann\0', says: 'no control characters are allowed' },
  { why: 'an invisible character', text: 'ann\u202e', says: 'no control characters are allowed' },
  { why: 'half a character', text: 'ann\ud800', says: 'no control characters are allowed' },
  { why: 'angle brackets', text: '<ann>', says: 'only letters' },
  { why: 'needs quotes in RCPT', text: 'ann"lee', says: 'only letters' },
  { why: 'a dot first', text: '.ann', says: 'only letters' },
  { why: 'two dots', text: 'ann..lee', says: 'only letters' },
  { why: 'two @', text: 'ann@lee@example.net', says: 'only letters' },
  { why: '65 octets', text: 'a'.repeat(65), says: 'at most 64 octets before the @' },
  { why: '66 octets in 33 characters', text: 'ü'.repeat(33), says: 'at most 64 octets before the @' },
  {
    why: 'no room in USER, RFC 2449 section 4',
    text: `ann@${`${'a'.repeat(60)}.`.repeat(4)}net`,
    says: 'at most 248 octets',
  },
  { why: 'an address literal', text: 'ann@[127.0.0.1]', says: '"[127.0.0.1]" is no domain name' },
  { why: 'a hyphen at the edge', text: 'ann@-example.net', says: 'is no domain name' },
  { why: 'a tab that converting the domain drops', text: 'ann@ex\tample.ü', says: 'no spaces are allowed' },
  { why: 'an empty label', text: 'ann@example..net', says: 'is no domain name' },
]

describe('parseAccountName', () => {
  it.each(goodNames)('takes $text: $why', ({ text, name }) => {
    expect(parseAccountName(text)).toBe(name)
  })

  it.each(badNames)('refuses $why', ({ text, says }) => {
    const refusal = refusalOf(() => parseAccountName(text))
    expect(refusal.code).toBe('bad-name')
    expect(refusal.message).toContain(says)
    expect(refusal.message).not.toMatch(/\p{Cc}/u)
  })
})

describe('parseAliasAddress', () => {
  it.each([
    ['Sales@Example.net', 'sales@example.net'],
    ['Postmaster', 'postmaster'],
    ['@Example.net', '@example.net'],
    ['@xn--bcher-kva.example', '@bücher.example'],
    ['ann@xn--bcher-kva.example', 'ann@bücher.example'],
  ])('takes %s', (text, address) => {
    expect(parseAliasAddress(text)).toBe(address)
  })

  it.each(['', '@', 'ann@', 'a b', '@ex ample', '@@example.net', 'a@b@c'])('refuses %j', text => {
    expect(refusalOf(() => parseAliasAddress(text)).code).toBe('bad-name')
  })
})

describe('domains', () => {
  it('stand behind the last @', () => {
    expect(domainOf('ann')).toBeUndefined()
    expect(domainOf('ann@example.net')).toBe('example.net')
    expect(domainOf('@example.net')).toBe('example.net')
  })

  it('have at most 255 octets', () => {
    const long = `${'a'.repeat(50)}.`.repeat(5)
    expect(domainFault(`${long}a`)).toBe('a domain has at most 255 octets')
    expect(domainFault(long.slice(0, -1))).toBeUndefined()
  })
})

function refusalOf(work: () => unknown): Refusal {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was refused')
}
