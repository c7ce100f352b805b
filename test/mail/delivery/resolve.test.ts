import { describe, expect, it } from 'vitest'
import type { Account } from '../../../src/mail/account.ts'
import type { AccountDirectory } from '../../../src/mail/account-directory.ts'
import { foldDomains, resolveAddress } from '../../../src/mail/delivery/resolve.ts'
import { parseAddress } from '../../../src/mail/message/address.ts'

function account(name: string): Account {
  return {
    id: `id of ${name}`,
    name,
    passwordHash: undefined,
    scramKeys: [],
    sealedPassword: undefined,
    isDisabled: false,
    quotaOctets: 0,
    usedOctets: 0,
    usedMessages: 0,
    settings: {},
    inboxId: `inbox of ${name}`,
    createdAt: new Date(0),
  }
}

function directoryOf(
  accounts: readonly string[],
  aliases: Record<string, readonly string[]>,
): AccountDirectory {
  return {
    findAccount: async name => (accounts.includes(name) ? account(name) : undefined),
    findAlias: async address => (aliases[address] ?? []).map(account),
  }
}

const directory = directoryOf(['ann', 'bob', 'bob@b.example', 'ann+kept', 'jürgen', 'x@y'], {
  'sales@a.example': ['ann', 'bob'],
  'ann+lists@a.example': ['bob'],
  'ann+all': ['carl'],
  'carl@a.example': ['bob'],
  carl: ['ann'],
  '@b.example': ['ann'],
  postmaster: ['ann'],
})

async function resolve(address: string, change: { separator?: string; domains?: readonly string[] } = {}) {
  const parsed = parseAddress(address)
  if (!parsed) throw new Error(`${address} is no address`)
  const receivers = await resolveAddress(parsed, {
    directory,
    localDomains: foldDomains(change.domains ?? ['a.example', 'B.example', 'xn--bcher-kva.example']),
    subaddressSeparator: change.separator ?? '+',
  })
  return receivers?.accounts.map(({ name }) => name)
}

describe('resolving', () => {
  it.each<[string, readonly string[] | undefined, string]>([
    ['ann', ['ann'], 'a bare account'],
    ['ann@a.example', ['ann'], 'an account without domain receives at every local domain'],
    ['ann@bücher.example', ['ann'], 'also at one that is configured in the other form'],
    ['ANN@A.Example', ['ann'], 'in any case'],
    ['JU\u0308RGEN@a.example', ['jürgen'], 'in any normal form'],
    ['"ann"@a.example', ['ann'], 'quoted or not'],
    ['bob@b.example', ['bob@b.example'], 'the account of the whole address before that of the local part'],
    ['bob@a.example', ['bob'], 'at the other domain, the account of the local part'],
    ['sales@a.example', ['ann', 'bob'], 'several behind an alias'],
    ['sales', [], 'an alias of one domain does not receive without it'],
    ['carl@a.example', ['bob'], 'the alias of the whole address before that of the local part'],
    ['carl', ['ann'], 'an alias at every local domain'],
    ['ann+lists@a.example', ['bob'], 'the exact alias with its sub-address before the account without'],
    ['ann+kept@a.example', ['ann+kept'], 'an account whose name has the separator in it'],
    ['ann+all@a.example', ['carl'], 'an alias with sub-address at every local domain'],
    ['ann+other@a.example', ['ann'], 'any other sub-address leads to the account'],
    ['ann+a+b', ['ann'], 'the first separator counts'],
    ['+ann@a.example', [], 'nothing before the separator is no name'],
    ['nobody+x@b.example', ['ann'], 'the catch-all comes last'],
    ['nobody@b.example', ['ann'], 'the catch-all'],
    ['nobody@a.example', [], 'no catch-all at this domain'],
    ['"@b.example"', [], 'a quoted name is no catch-all'],
    ['"x@y"@a.example', [], "a quoted name is not another account's address"],
    ['PostMaster', ['ann'], 'RFC 5321 section 4.1.1.3'],
    ['Postmaster@b.example', ['ann'], 'at every domain, before the catch-all'],
    ['ann@elsewhere.example', undefined, 'not ours'],
    ['ann@[192.0.2.1]', undefined, 'an address literal is not ours unless it is configured'],
  ])('%s leads to %j: %s', async (address, names) => {
    expect(await resolve(address)).toEqual(names)
  })

  it('knows no sub-address when there is no separator, and any other separator', async () => {
    expect(await resolve('ann+other@a.example', { separator: '' })).toEqual([])
    expect(await resolve('ann--other@a.example', { separator: '--' })).toEqual(['ann'])
  })

  it('finds a postmaster of one domain for the bare name', async () => {
    const found = await resolveAddress(parseAddress('postmaster')!, {
      directory: directoryOf(['bob'], { 'postmaster@b.example': ['bob'] }),
      localDomains: foldDomains(['a.example', 'b.example']),
      subaddressSeparator: '+',
    })
    expect(found?.accounts.map(({ name }) => name)).toEqual(['bob'])
  })
})
