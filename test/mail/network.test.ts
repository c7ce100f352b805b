// Address ranges against node's own BlockList, which is another hand's work.
import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkContains, parseNetwork, prefixOf } from '../../src/mail/network.ts'

describe('a network', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.255', true, 'inside'],
    ['192.0.2.0/24', '192.0.3.0', false, 'just behind'],
    ['192.0.2.7/24', '192.0.2.1', true, 'bits behind the prefix are ignored'],
    ['192.0.2.1', '192.0.2.1', true, 'one address'],
    ['192.0.2.1', '192.0.2.2', false, 'another address'],
    ['0.0.0.0/0', '203.0.113.9', true, 'all of IPv4'],
    ['0.0.0.0/0', '2001:db8::1', false, 'IPv6 is not in IPv4'],
    ['::/0', '192.0.2.1', false, 'IPv4 is not in IPv6'],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true, 'a mapped address is the IPv4 address'],
    ['192.0.2.0/24', '::FFFF:c000:0209', true, 'the same in hexadecimal'],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true, 'a mapped range is the IPv4 range'],
    ['::/0', '::ffff:192.0.2.1', false, 'a mapped address is in no IPv6 range'],
    ['2001:db8::/32', '2001:db8:ffff::1', true, 'inside'],
    ['2001:db8::/32', '2001:db9::1', false, 'outside'],
    ['2001:db8::/33', '2001:db8:8000::', false, 'a prefix inside an octet'],
    ['fe80::/10', 'fe80::1%eth0', true, 'the zone of an address is ignored'],
    ['::1', '0:0:0:0:0:0:0:1', true, 'another spelling'],
    ['192.0.2.0/24', '', false, 'no address'],
    ['192.0.2.0/24', 'unknown', false, 'no address'],
    ['0.0.0.0/0', '1.2.3', false, 'no address'],
  ])('%s with %s: %s (%s)', (text, address, expected) => {
    const network = parseNetwork(text)
    expect(network).toBeDefined()
    expect(network && networkContains(network, address)).toBe(expected)
  })

  it.each([
    ['', 'nothing'],
    ['192.0.2', 'three numbers'],
    ['192.0.2.256', 'no octet'],
    ['192.0.02.1', 'a leading zero, which some read as octal'],
    ['192.0.2.0/33', 'a prefix longer than the address'],
    ['192.0.2.0/-1', 'a negative prefix'],
    ['192.0.2.0/024', 'a leading zero'],
    ['192.0.2.0/', 'a prefix without length'],
    ['192.0.2.0/24/8', 'two prefixes'],
    ['192.0.2.0/255.255.255.0', 'a mask'],
    [' 192.0.2.0', 'a space'],
    ['2001:db8::/129', 'a prefix longer than the address'],
    ['2001:db8', 'two groups'],
    ['1:2:3:4:5:6:7:8:9', 'nine groups'],
    ['1:2:3:4:5:6:7::8:9', 'no room for ::'],
    ['1::2::3', ':: twice'],
    ['1:::2', 'three colons'],
    [':1:2:3:4:5:6:7', 'a colon at the beginning'],
    ['1:2:3:4:5:6:7:', 'a colon at the end'],
    ['12345::', 'five digits'],
    ['g::', 'no digit'],
    ['192.0.2.1::', 'IPv4 at the beginning'],
    ['::192.0.2.1:1', 'IPv4 in the middle'],
    ['fe80::1%eth0', 'a zone'],
    ['example.org', 'a name'],
  ])('is not %j (%s)', text => {
    expect(parseNetwork(text)).toBeUndefined()
  })

  it('contains what BlockList says it contains', () => {
    const ipv6 = fc.oneof(fc.ipV6(), fc.constantFrom('2001:db8::1', '2001:db8::2', '::', '::1'))
    const cases = fc.oneof(
      fc.tuple(fc.constant('ipv4' as const), fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4()),
      fc.tuple(fc.constant('ipv6' as const), ipv6, fc.integer({ min: 0, max: 128 }), ipv6),
    )
    fc.assert(
      fc.property(cases, ([family, base, bits, address]) => {
        if (family === 'ipv6' && (isMapped(base) || isMapped(address))) return
        const list = new BlockList()
        list.addSubnet(base, bits, family)
        const network = parseNetwork(`${base}/${bits}`)
        expect(network && networkContains(network, address)).toBe(list.check(address, family))
        expect(network && networkContains(network, base)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is what node takes for an address, and nothing else', () => {
    const pieces = fc.constantFrom('0', '1', 'ff', '255', '256', 'db8', ':', '::', '.', '12345', '')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 16 }), parts => {
        const text = parts.join('')
        expect(parseNetwork(text) !== undefined, text).toBe(isIP(text) !== 0)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('prefixOf', () => {
  it.each([
    ['192.0.2.77', '192.0.2.77/32'],
    ['::ffff:192.0.2.77', '192.0.2.77/32'],
    ['2001:db8:1:2ff:9::1', '2001:db8:1:200:0:0:0:0/56'],
    ['2001:DB8:1:2fe::', '2001:db8:1:200:0:0:0:0/56'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:0/56'],
    ['', ''],
    ['somewhere', 'somewhere'],
  ])('of %s is %s', (address, expected) => {
    expect(prefixOf(address, 32, 56)).toBe(expected)
  })

  it('is bounded', () => {
    expect(prefixOf('x'.repeat(10_000), 32, 56).length).toBeLessThan(200)
  })
})

function isMapped(address: string): boolean {
  return parseNetwork(address)?.octets.length === 4
}
