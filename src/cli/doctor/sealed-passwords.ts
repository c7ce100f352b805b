// Examines the passwords that are kept for CRAM-MD5 and APOP: that the key is there, and opens them.
import { createSecretBox } from '../../auth/sealed-secret.ts'
import { readSecretKey } from '../../auth/secret-key.ts'
import type { Config } from '../../config.ts'
import type { Account } from '../../mail/account.ts'
import type { Finding } from './finding.ts'

const what = 'sealed passwords'

/** Nothing where there are none. */
export function examineSealedPasswords(accounts: readonly Account[], { auth }: Config): Finding[] {
  const sealed = accounts.filter(({ sealedPassword }) => sealedPassword !== undefined)
  if (sealed.length === 0) return []
  try {
    const box = createSecretBox(readSecretKey(auth.keyFile))
    const faults = sealed.flatMap(({ name, sealedPassword = '' }) => {
      if (box.open(sealedPassword, name)) return []
      const why = box.isOwn(sealedPassword)
        ? 'was changed'
        : `was sealed with another key than ${auth.keyFile}`
      return [`that of ${name} ${why}: put the key back, or set it anew by poplar user passwd ${name}`]
    })
    if (faults.length > 0) return faults.map(finding => ({ what, state: 'wrong', finding }))
    return [{ what, state: 'well', finding: `${sealed.length}, opened by ${auth.keyFile}` }]
  } catch (error) {
    return [{ what, state: 'wrong', finding: error instanceof Error ? error.message : String(error) }]
  }
}
