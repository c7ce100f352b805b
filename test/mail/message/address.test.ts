import { describe, expect, it } from 'vitest'
import { isAddressLiteral, isDomainName, parseAddress } from '../../../src/mail/message/address.ts'

const long = (octets: number) => 'a'.repeat(octets)
const domainOf = (octets: number) =>
  `${long(59)}.`
    .repeat(5)
    .slice(0, octets - 4)
    .replace(/\.$/, 'a') + '.org'

describe('addresses', () => {
  it.each<[string, string, string | undefined, string]>([
    ['ann', 'ann', undefined, 'a bare local part'],
    ['ann@example.org', 'ann', 'example.org', 'the plain form'],
    ['Ann.Lee@Example.ORG', 'Ann.Lee', 'example.org', 'the domain is folded, the local part keeps its case'],
    ["a!#$%&'*+-/=?^_`{|}~@x", "a!#$%&'*+-/=?^_`{|}~", 'x', 'every character of an atom'],
    ['"ann"@x', 'ann', 'x', 'quotes that need not be are taken off'],
    ['"ann lee"@x', 'ann lee', 'x', 'a blank inside quotes'],
    ['"a@b"@x', 'a@b', 'x', 'an @ inside quotes'],
    ['"a\\"b\\\\c"@x', 'a"b\\c', 'x', 'quoted pairs'],
    ['"a@b"', 'a@b', undefined, 'a quoted bare local part'],
    ['.ann..lee.@x', '.ann..lee.', 'x', 'dots anywhere: such senders exist'],
    ['jürgen@bücher.example', 'jürgen', 'bücher.example', 'RFC 6531'],
    ['a@XN--BCHER-KVA.example', 'a', 'bücher.example', 'both forms of a domain are one'],
    ['ann@[192.0.2.1]', 'ann', '[192.0.2.1]', 'an address literal'],
    ['ann@[IPv6:2001:db8::1]', 'ann', '[ipv6:2001:db8::1]', 'an IPv6 address literal'],
    [`${long(64)}@x`, long(64), 'x', 'the longest local part'],
    [`a@${domainOf(252)}`, 'a', domainOf(252), 'the longest address'],
  ])('reads %s as %s at %s: %s', (text, localPart, domain) => {
    expect(parseAddress(text)).toMatchObject({ localPart, domain })
  })

  it.each([
    ['', 'nothing'],
    ['@example.org', 'no local part'],
    ['ann@', 'no domain'],
    ['ann lee@x', 'a blank'],
    ['a@b@x', 'an @ outside quotes'],
    ['"ann@x', 'an open quote'],
    ['"a"b"@x', 'a quote inside quotes'],
    ['""@x', 'an empty local part in quotes'],
    ['ann@x.', 'a dot behind the domain'],
    ['ann@.x', 'an empty label'],
    ['ann@a..b', 'an empty label inside'],
    ['ann@-x', 'a label that begins with a hyphen'],
    ['ann@x-', 'a label that ends with a hyphen'],
    [`ann@${long(64)}.org`, 'a label above 63 characters'],
    ['ann@[]', 'an empty literal'],
    ['ann@x y', 'a blank in the domain'],
    ['ann@x\r\nBcc: y', 'a line break'],
    ['ann\0@x', 'NUL'],
    ['"a\nb"@x', 'a line break inside quotes'],
    ['ann\u0085@x', 'a C1 control character'],
    ['an\u200bn@x', 'a zero-width space'],
    ['ann@x\u202e', 'a direction mark'],
    ['ann\ufffd@x', 'what was no UTF-8'],
    ['ann\ud800@x', 'half a surrogate pair'],
    [`${long(65)}@x`, 'a local part above 64 octets'],
    [`${'ü'.repeat(33)}@x`, 'a local part above 64 octets, counted in UTF-8'],
    [`ab@${domainOf(252)}`, 'more than 254 octets in all'],
    ['<ann@x>', 'angle brackets belong to the path'],
  ])('refuses %j: %s', text => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it.each([
    ['"ann"@X', 'ann@x'],
    ['"ann lee"@x', '"ann lee"@x'],
    ['"a\\"b"@x', '"a\\"b"@x'],
    ['"\\a"', 'a'],
  ])('writes %s as %s, which reads the same', (text, written) => {
    const address = parseAddress(text)
    expect(address?.text).toBe(written)
    expect(parseAddress(written)).toEqual(address)
  })

  it('lets a longer local part pass where that is asked for', () => {
    const rewritten = `SRS0=${long(80)}@example.org`
    expect(parseAddress(rewritten)).toBeUndefined()
    expect(parseAddress(rewritten, 254)?.domain).toBe('example.org')
  })

  it('tells names, literals and neither apart', () => {
    expect(['a', 'mx_1.example', '1.2.3.4', 'ü.example'].filter(isDomainName)).toHaveLength(4)
    expect(['', 'a b', '[1.2.3.4]', 'a\n', '(x)'].filter(isDomainName)).toEqual([])
    expect(['[1.2.3.4]', '[IPv6:::1]'].filter(isAddressLiteral)).toHaveLength(2)
    expect(['1.2.3.4', '[a]b]', '[a b]', '[', '[]'].filter(isAddressLiteral)).toEqual([])
  })
})
