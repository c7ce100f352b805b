// What a workplace's store keeps of an account, read beside the commands.
import { join } from 'node:path'
import type { Account } from '../../src/mail/account.ts'
import type { AppPassword } from '../../src/mail/app-passwords.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Workplace } from './workplace.ts'

export async function credentialsIn(
  { folder }: Workplace,
  name: string,
): Promise<{ account: Account; appPasswords: readonly AppPassword[] }> {
  const store = await openStore({ folder: join(folder, 'poplar-data'), writer: 'inline' })
  try {
    const account = await store.findAccount(name)
    if (!account) throw new Error(`there is no account ${name}`)
    return { account, appPasswords: await store.listAppPasswords(account.id) }
  } finally {
    await store.close()
  }
}
