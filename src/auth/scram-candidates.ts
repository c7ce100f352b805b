// What a name's SCRAM proof is tried against, RFC 5802 section 3: the keys of the account's password and of its app
// passwords. Between the salt and the proof minutes may pass: what was withdrawn meanwhile lets nobody in.
import type { Account } from '../mail/account.ts'
import type { AppPassword } from '../mail/app-passwords.ts'
import type { AccountFinder } from './account-finder.ts'
import type { AppPasswordCheck } from './app-password-check.ts'
import type { Decoys } from './decoys.ts'
import { reasonFor } from './failure-reason.ts'
import { grantOf, type LoginAttempt } from './login-attempts.ts'
import type { ScramCandidates, ScramHash } from './sasl.ts'
import { parseScramKeys, type StoredScramKeys } from './scram.ts'

export interface ScramParts {
  readonly finder: AccountFinder
  readonly appPasswords: AppPasswordCheck
  readonly decoys: Decoys
  /** Of keys made anew. */
  readonly scramIterations: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** An answer of the directory that is so young is not asked for again: a password's check takes as long. */
const freshMs = 1_000

/** Keys say whose they are. */
interface OwnedKeys {
  /** As they are kept. */
  readonly text: string
  readonly keys: StoredScramKeys
  readonly account: Account
  readonly appPassword: AppPassword | undefined
}

export async function findScramCandidates(
  parts: ScramParts,
  attempt: LoginAttempt,
  name: string,
  hash: ScramHash,
): Promise<ScramCandidates> {
  const { finder, appPasswords, decoys, scramIterations } = parts
  const asked = await keysOf(parts, attempt, name, hash)
  const askedAt = parts.now()
  const { found, owned } = asked
  const [first] = owned
  if (first) decoys.takeAfter(first.account.name, first.keys)
  const tried = owned.filter(each => isMadeLike(each, first))
  const decoy = decoys.scramSetting(finder.baseOf(name), finder.keyOf(name), scramIterations)
  return {
    salt: first?.keys.salt ?? decoy.salt,
    iterations: first?.keys.iterations ?? decoy.scramIterations,
    keys: first ? tried.map(({ keys }) => keys) : [decoys.scramKeys(hash)],
    async settle(matched) {
      const proved = matched === undefined ? undefined : tried[matched]
      if (!proved) return attempt.fail(reasonFor(found, 'wrong-proof'), found)
      const ageMs = parts.now() - askedAt
      const isFresh = ageMs >= 0 && ageMs < freshMs
      const now = isFresh ? asked : await keysOf(parts, attempt, name, hash)
      const still = now.owned.find(each => each.text === proved.text && each.account.id === proved.account.id)
      if (!still) return attempt.fail(reasonFor(now.found, 'wrong-proof'), now.found)
      const { account, appPassword } = still
      if (!appPassword) return attempt.succeed(account)
      appPasswords.noteUse(appPassword, account, attempt.origin)
      return attempt.succeed(account, grantOf(appPassword))
    },
  }
}

/** Those that may be used from there now, the account's own first; none of a disabled account. */
async function keysOf(
  { appPasswords }: ScramParts,
  attempt: LoginAttempt,
  name: string,
  hash: ScramHash,
): Promise<{ readonly found: Account | undefined; readonly owned: readonly OwnedKeys[] }> {
  const found = await attempt.find(name)
  const account = found?.isDisabled ? undefined : found
  const allowed = await appPasswords.allowed(account, attempt.origin)
  if (!account) return { found, owned: [] }
  const parsed = (texts: readonly string[], appPassword: AppPassword | undefined) =>
    texts.flatMap(text => {
      const keys = text.startsWith(`SCRAM-${hash}$`) ? parseScramKeys(text) : undefined
      return keys ? [{ text, keys, account, appPassword }] : []
    })
  const owned = [
    ...parsed(account.scramKeys, undefined),
    ...allowed.flatMap(each => parsed(each.scramKeys, each)),
  ]
  return { found, owned }
}

/** The client is told one salt and one count: keys made with others cannot be tried. */
function isMadeLike({ keys }: OwnedKeys, first: OwnedKeys | undefined): boolean {
  return (
    first !== undefined &&
    keys.iterations === first.keys.iterations &&
    Buffer.compare(keys.salt, first.keys.salt) === 0
  )
}
