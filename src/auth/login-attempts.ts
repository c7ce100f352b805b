// One try to log in, from the throttle's admission to its one outcome: counted, slowed, and told the log in one line,
// whatever the mechanism. A claimed name is logged only if it is an account's, for it may be a password in the wrong place.
import type { Account } from '../mail/account.ts'
import type { AccountFinder } from './account-finder.ts'
import type { Login, LoginOrigin } from './login.ts'
import type { Suspect, Throttle } from './throttle.ts'
import { refuseIfGone } from './work-queue.ts'

/** The logger as logins use it: structured fields first, then a short text. A pino logger fits. */
export interface LoginLog {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** For the log alone; the peer is told nothing of it. */
export type LoginFailure =
  | 'unknown-user'
  | 'disabled'
  | 'wrong-password'
  | 'no-password' // none was set yet
  | 'wrong-proof' // of SCRAM, CRAM-MD5, APOP
  | 'bad-token' // forged, foreign, expired
  | 'no-certificate'
  | 'not-authorized' // to act as who was asked for
  | 'malformed'

export interface LoginGrant {
  readonly readOnly: boolean
  readonly appPassword: string | undefined
}

const fullGrant: LoginGrant = { readOnly: false, appPassword: undefined }

interface AttemptParts {
  readonly throttle: Throttle
  readonly finder: AccountFinder
  readonly log: LoginLog
}

export class LoginAttempt {
  /** The place in a queue. */
  readonly rank: number
  readonly source: string
  readonly origin: LoginOrigin
  readonly #parts: AttemptParts
  readonly #mechanism: string
  readonly #suspect: Suspect
  readonly #waitedMs: number
  #found: { readonly claimed: string; readonly account: Account } | undefined
  #isSettled = false

  private constructor(
    parts: AttemptParts,
    origin: LoginOrigin,
    mechanism: string,
    suspect: Suspect,
    waitedMs: number,
  ) {
    this.#parts = parts
    this.origin = origin
    this.#mechanism = mechanism
    this.#suspect = suspect
    this.#waitedMs = waitedMs
    this.rank = parts.throttle.rank(suspect)
    this.source = suspect.prefix
  }

  /**
   * Waits until the throttle admits it. `claimed` is who the peer says it is, if it says so. Refuses with `store-busy` when
   * too many wait, and when nobody waits for the outcome any more.
   */
  static async begin(
    parts: AttemptParts,
    origin: LoginOrigin,
    mechanism: string,
    claimed: string | undefined,
  ): Promise<LoginAttempt> {
    const account = await knownAs(parts, origin.peer, claimed)
    const key = claimed === undefined ? undefined : parts.finder.keyOf(claimed)
    const suspect = parts.throttle.suspect(origin.peer, key, account?.name)
    const waitedMs = await parts.throttle.admit(suspect, origin.signal)
    const attempt = new LoginAttempt(parts, origin, mechanism, suspect, waitedMs)
    if (claimed !== undefined && account && waitedMs === 0) attempt.#found = { claimed, account }
    return attempt
  }

  /** The account that a name means; not looked up again when that was done for the throttle a moment ago. */
  async find(claimed: string): Promise<Account | undefined> {
    const found = this.#found
    this.#found = undefined
    return found?.claimed === claimed ? found.account : this.#parts.finder.find(claimed)
  }

  get signal(): AbortSignal | undefined {
    return this.origin.signal
  }

  /** Refuses with `store-busy` when nobody waits for the outcome any more: then nobody came in, and nobody is known. */
  succeed(account: Account, grant: LoginGrant = fullGrant): Login {
    this.#settle()
    const { throttle, log } = this.#parts
    const tls = this.origin.channel?.version
    const fields = { ...this.#fields(account), tls, appPassword: grant.appPassword }
    if (this.signal?.aborted) log.info(fields, 'login given up')
    refuseIfGone(this.signal)
    throttle.succeed(this.#suspect.prefix, account.name)
    log.info(fields, 'login')
    return { account, ...grant }
  }

  /** Counts the failure and tells the log at once; resolves when it may be answered. */
  async fail(reason: LoginFailure, account?: Account): Promise<undefined> {
    this.#settle()
    const { throttle, log } = this.#parts
    log.warn({ ...this.#fields(account), reason }, 'login failed')
    await throttle.fail(this.#suspect, this.#waitedMs, this.signal)
  }

  /** Who asked and in which session come first: nothing the peer says may stand before them. */
  #fields(account: Account | undefined): object {
    const { peer, protocol, sessionId } = this.origin
    return { peer, protocol, mechanism: this.#mechanism, session: sessionId, user: account?.name }
  }

  #settle(): void {
    if (this.#isSettled) throw new Error('a login has one outcome')
    this.#isSettled = true
  }
}

/** Only whom the peer may be known as is looked up before the throttle had its say. */
async function knownAs(
  { throttle, finder }: AttemptParts,
  peer: string,
  claimed: string | undefined,
): Promise<Account | undefined> {
  if (claimed === undefined || !throttle.mayKnow(peer, finder.namesOf(claimed))) return undefined
  return finder.find(claimed)
}
