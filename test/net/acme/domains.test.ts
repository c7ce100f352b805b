import { describe, expect, it } from 'vitest'
import { checkDomains } from '../../../src/net/acme/domains.ts'

describe('names of a certificate', () => {
  it.each([
    ['as they are', ['mail.example.net', 'localhost'], ['mail.example.net', 'localhost']],
    ['in lower case, each once', ['Mail.Example.net', 'mail.example.NET'], ['mail.example.net']],
    ['in ASCII', ['pöst.example'], ['xn--pst-sna.example']],
    ['with digits and hyphens', ['3-a.4.example'], ['3-a.4.example']],
  ])('%s', (_reason, names, expected) => {
    expect(checkDomains(names)).toEqual(expected)
  })

  it.each([
    ['none', [], 'ACME needs the names'],
    ['a wildcard', ['*.example.net'], 'need the challenge dns-01'],
    ['an empty one', [''], '"" is not a domain name'],
    ['a path', ['../../etc/x'], 'is not a domain name'],
    ['a separator', ['a/b.example'], 'is not a domain name'],
    ['a NUL', ['a\0.example'], 'is not a domain name'],
    ['a port', ['mail.example:80'], 'is not a domain name'],
    ['an IPv4 address', ['192.0.2.1'], 'is not a domain name'],
    ['an IPv6 address', ['[2001:db8::1]'], 'is not a domain name'],
    ['a hyphen in front', ['-a.example'], 'is not a domain name'],
    ['an underscore', ['a_b.example'], 'is not a domain name'],
    ['a final dot', ['mail.example.'], 'is not a domain name'],
    ['a long label', [`${'a'.repeat(64)}.example`], 'is not a domain name'],
    ['a long name', ['a.'.repeat(130) + 'example'], 'is not a domain name'],
    ['too many', Array.from({ length: 101 }, (_, index) => `n${index}.example`), 'at most 100 names'],
  ])('%s cannot be had', (_reason, names, message) => {
    expect(() => checkDomains(names)).toThrow(message)
  })
})
