// App passwords for tests, made as the command line makes them.
import { makeAppPassword, storeAppPassword } from '../../src/auth/app-password.ts'
import { makeScramSalt, scramSettingOf } from '../../src/auth/stored-password.ts'
import type { AppPasswordScope } from '../../src/mail/app-passwords.ts'
import type { Store } from '../../src/mail/store.ts'

/** Adds one to the account; gives the password. */
export async function createAppPasswordFor(
  store: Store,
  name: string,
  device: string,
  scope: Partial<AppPasswordScope>,
): Promise<string> {
  const account = await store.findAccount(name)
  if (!account) throw new Error(`no account ${name}`)
  const kept = [account, ...(await store.listAppPasswords(account.id))]
  const setting = scramSettingOf(kept) ?? { salt: makeScramSalt(), scramIterations: 4096 }
  const password = makeAppPassword()
  const unlimited: AppPasswordScope = { protocols: [], readOnly: false, networks: [], settings: {} }
  await store.addAppPassword(name, {
    name: device,
    ...unlimited,
    ...scope,
    ...(await storeAppPassword(password, setting)),
  })
  return password
}
