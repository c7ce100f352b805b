// What mechanisms ask the office, for one origin: RFC 4422 section 3. Each question is one attempt with one outcome.
import type { Account } from '../mail/account.ts'
import { reasonFor } from './failure-reason.ts'
import type { Login, LoginOrigin } from './login.ts'
import type { LoginAttempt } from './login-attempts.ts'
import type { PasswordCheck } from './password-check.ts'
import type { SecretCandidate, TokenAdvice, Verifier } from './sasl.ts'
import { findScramCandidates, type ScramParts } from './scram-candidates.ts'
import type { SecretBox } from './sealed-secret.ts'
import type { TokenVerifier } from './tokens/token-verifier.ts'

export interface VerifierParts extends ScramParts {
  readonly passwords: PasswordCheck
  readonly box: SecretBox | undefined
  readonly tokens: TokenVerifier | undefined
  readonly tokenAdvice: TokenAdvice | undefined
}

/** `begin` waits until the throttle admits an attempt of that name, for whom it asks to act as. */
export function createVerifier(
  parts: VerifierParts,
  origin: LoginOrigin,
  begin: (name: string | undefined, actAs?: string) => Promise<LoginAttempt>,
): Verifier {
  return {
    origin,
    ...(parts.tokenAdvice && { tokenAdvice: parts.tokenAdvice }),
    async verifyPassword(name, password, actAs) {
      return parts.passwords.logIn(await begin(name, actAs), name, password)
    },
    async findScramKeys(name, hash, actAs) {
      return findScramCandidates(parts, await begin(name, actAs), name, hash)
    },
    async findSecret(name) {
      return findSecret(parts, await begin(name), name)
    },
    async verifyToken(token, name) {
      return verifyToken(parts, await begin(name), token, name)
    },
    async verifyCertificate(name) {
      return verifyCertificate(parts, await begin(name), name)
    },
    async refuse(name) {
      const attempt = await begin(name)
      return attempt.fail('malformed', name === undefined ? undefined : await parts.finder.find(name))
    },
  }
}

async function findSecret(
  { finder, box, decoys }: VerifierParts,
  attempt: LoginAttempt,
  name: string,
): Promise<SecretCandidate> {
  const found = await finder.find(name)
  const account = found?.isDisabled ? undefined : found
  const sealed = account?.sealedPassword
  const secret = sealed === undefined ? undefined : box?.open(sealed, account?.name ?? '')
  return {
    secret: secret ?? decoys.secret(),
    async settle(matches) {
      if (!account || !secret || !matches) return attempt.fail(reasonFor(found, 'wrong-proof'), found)
      // What was withdrawn meanwhile lets nobody in.
      const now = await finder.find(name)
      const isStill = now?.id === account.id && !now.isDisabled && now.sealedPassword === sealed
      return isStill ? attempt.succeed(now) : attempt.fail(reasonFor(now, 'wrong-proof'), now)
    },
  }
}

async function verifyToken(
  { finder, tokens }: VerifierParts,
  attempt: LoginAttempt,
  token: string,
  name: string | undefined,
): Promise<Login | undefined> {
  const claims = await tokens?.verify(token, attempt)
  const owner = claims && (await finder.findExact(claims.name))
  const claimed = name === undefined ? owner : await finder.find(name)
  if (!claims) return attempt.fail('bad-token', name === undefined ? undefined : claimed)
  return grant(attempt, owner, claimed)
}

/** The certificate's names in their order; the first that is an account's, unless the client asks for another of them. */
async function verifyCertificate(
  { finder }: VerifierParts,
  attempt: LoginAttempt,
  name: string | undefined,
): Promise<Login | undefined> {
  const names = attempt.origin.channel?.clientCertificate?.names
  if (!names) return attempt.fail('no-certificate')
  const owners: Account[] = []
  for (const each of names) {
    const owner = await finder.findExact(each)
    if (owner) owners.push(owner)
  }
  const claimed = name === undefined ? owners[0] : await finder.find(name)
  return grant(attempt, owners.find(owner => owner.id === claimed?.id) ?? owners[0], claimed)
}

/** Lets the owner in who was proved, if it is who was claimed. */
async function grant(
  attempt: LoginAttempt,
  owner: Account | undefined,
  claimed: Account | undefined,
): Promise<Login | undefined> {
  if (!owner || owner.isDisabled) return attempt.fail(reasonFor(owner, 'unknown-user'), owner)
  if (owner.id !== claimed?.id) return attempt.fail('not-authorized', owner)
  return attempt.succeed(owner)
}
