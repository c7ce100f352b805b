// What login names may ask for beside an account.
import { describe, expect, it } from 'vitest'
import { baseOfLoginName, type LoginNameRules, readLoginName } from '../../src/mail/login-name.ts'
import type { View } from '../../src/mail/view.ts'

const rules: LoginNameRules = {
  separator: '+',
  localDomains: new Set(['example.net']),
  hosts: new Set(['office', 'shop.example.org']),
}

const folder = (name: string): View => ({ source: { kind: 'folder', name } })
const recent: View = { since: 'recent', readOnly: true }

describe('a login name', () => {
  it.each<[claimed: string, readings: readonly (readonly [string, View])[], reason: string]>([
    ['ann', [], 'a plain name has no other reading'],
    ['ann@example.net', [], 'nor has an address whose domain is no host'],
    ['ann+Lists', [['ann', folder('Lists')]], 'a folder'],
    ['ANN+Lists', [['ann', folder('Lists')]], 'of the account in any case'],
    ['ann+a+b', [], 'a folder has no separator in it'],
    ['ann+', [], 'no folder'],
    ['+Lists', [], 'no account'],
    ['ann+../x', [['ann', folder('../x')]], 'folders are names, no paths'],
    ['ann+a\0b', [], 'a name with a control character is no folder'],
    [
      'ann+Lists@example.net',
      [
        ['ann@example.net', folder('Lists')],
        ['ann', folder('Lists')],
      ],
      'with its domain, which may be left out',
    ],
    ['ann+Lists@example.org', [['ann@example.org', folder('Lists')]], 'at another domain'],
    ['recent:ann', [['ann', recent]], 'the last thirty days'],
    ['newest=5:ann', [['ann', { newest: 5 }]], 'the newest'],
    ['read-only:newest=5:ann', [['ann', { newest: 5, readOnly: true }]], 'both'],
    ['inbox+junk:ann', [['ann', { source: { kind: 'inbox+junk' } }]], 'a prefix may hold the separator'],
    [
      'recent:ann+Lists',
      [
        ['ann+lists', recent],
        ['ann', { ...folder('Lists'), ...recent }],
      ],
      'a prefix and a folder, unless an account has the name',
    ],
    [
      'inbox:ann+Lists',
      [
        ['ann+lists', { source: { kind: 'inbox' } }],
        ['ann', folder('Lists')],
      ],
      'the folder beside the name before that of a prefix',
    ],
    [
      'recent:ann@example.net',
      [
        ['ann@example.net', recent],
        ['ann', recent],
      ],
      'a prefix and a domain',
    ],
    ['bogus:ann', [], 'a prefix that says nothing'],
    [':ann', [], 'an empty prefix'],
    ['recent:', [], 'nobody'],
    ['read-only:read-only:read-only:read-only:read-only:ann', [], 'too many prefixes'],
    ['newest=0:ann', [], 'none'],
    ['newest=99999999:ann', [], 'too many'],
    ['since=2026-02-31:ann', [], 'no day'],
    ['since=2026-02-28:ann', [['ann', { since: Date.UTC(2026, 1, 28) }]], 'a day'],
    ['john+office', [['office', { addressee: 'john' }]], 'an addressee of a host'],
    ['John@office', [['office', { addressee: 'john' }]], 'with the other separator, in any case'],
    ['john@office.example.net', [['office', { addressee: 'john' }]], 'with the whole name of the host'],
    [
      'john@shop.example.org',
      [['shop.example.org', { addressee: 'john' }]],
      'of a host with domains of its own',
    ],
    [
      'recent:john@office',
      [
        ['john@office', recent],
        ['office', { addressee: 'john', ...recent }],
      ],
      'with a prefix',
    ],
    ['office', [], 'the host itself sees everything'],
    ['@office', [], 'no addressee'],
  ])('%s', (claimed, readings) => {
    expect(readLoginName(claimed, rules).map(({ accountName, view }) => [accountName, view])).toEqual(
      readings,
    )
  })

  it.each<[claimed: string, base: string | undefined, reason: string]>([
    ['ann', undefined, 'nothing beside the name'],
    ['ann+1', 'ann', 'a folder'],
    ['recent:ann+2', 'ann', 'a prefix and a folder'],
    ['newest=3:ann', 'ann', 'a prefix'],
    ['a+office', 'office', 'an addressee'],
    ['read-only:b@office.example.net', 'office', 'a prefix and an addressee'],
  ])('%s counts as %s: %s', (claimed, base) => {
    expect(baseOfLoginName(claimed, rules)).toBe(base)
  })

  it('has no folder where there are no sub-addresses, and no addressee where there are no hosts', () => {
    expect(readLoginName('ann+Lists', { ...rules, separator: '' })).toEqual([])
    expect(readLoginName('john@office', { ...rules, hosts: new Set() })).toEqual([])
  })
})
