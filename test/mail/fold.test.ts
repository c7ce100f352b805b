// One spelling for each name, domain and address.
import { expect, it } from 'vitest'
import { foldAddress, foldDomain } from '../../src/mail/fold.ts'

it.each([
  ['Example.ORG', 'example.org', 'lower case'],
  ['xn--bcher-kva.example', 'bücher.example', 'punycode'],
  ['BU\u0308CHER.example', 'bücher.example', 'NFC'],
  ['xn--a', 'xn--a', 'what is no punycode stays'],
  ['', '', 'nothing'],
])('folds the domain %s to %s: %s', (domain, folded) => {
  expect(foldDomain(domain)).toBe(folded)
})

it.each([
  ['Ann', 'ann', 'no domain'],
  ['Ann@XN--BCHER-KVA.example', 'ann@bücher.example', 'a domain'],
  ['xn--bcher-kva', 'xn--bcher-kva', 'a local part is no domain'],
  ['xn--bcher-kva@a.example', 'xn--bcher-kva@a.example', 'nor is it one before a domain'],
  ['a@b@Example.org', 'a@b@example.org', 'the last @ parts'],
  ['@xn--bcher-kva.example', '@bücher.example', 'a catch-all'],
  ['@', '@', 'an @ alone'],
  ['', '', 'nothing'],
])('folds the address %s to %s: %s', (address, folded) => {
  expect(foldAddress(address)).toBe(folded)
})
