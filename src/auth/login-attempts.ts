// One try to log in, from the throttle's admission to its one outcome: counted, slowed, and told the log in one line,
// whatever the mechanism. A claimed name is logged only if it is an account's, for it may be a password in the wrong place.
import type { Account } from '../mail/account.ts'
import type { AppPassword } from '../mail/app-passwords.ts'
import { foldAddress } from '../mail/fold.ts'
import type { MaildropSettings } from '../mail/maildrop-settings.ts'
import type { AccountFinder } from './account-finder.ts'
import type { Abandonment, Login, LoginOrigin } from './login.ts'
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
  | 'no-such-folder' // of the account, which the login name asks for

export interface LoginGrant {
  readonly readOnly: boolean
  readonly appPassword: string | undefined
  readonly appSettings?: MaildropSettings
}

const fullGrant: LoginGrant = { readOnly: false, appPassword: undefined }

/** What an app password lets its owner do. */
export function grantOf({ readOnly, name, settings }: AppPassword): LoginGrant {
  return { readOnly, appPassword: name, appSettings: settings }
}

interface AttemptParts {
  readonly throttle: Throttle
  readonly finder: AccountFinder
  readonly log: LoginLog
}

/** How somebody asks to be let in. */
interface LoginClaim {
  readonly origin: LoginOrigin
  /** As the log calls it. */
  readonly mechanism: string
  /** Who the peer says it is, if it says so. */
  readonly claimed: string | undefined
  /** Whom it asks to act as, if somebody else. RFC 4422 section 3.4.1. */
  readonly actAs?: string | undefined
}

export class LoginAttempt {
  /** The place in a queue. */
  readonly rank: number
  readonly source: string
  readonly origin: LoginOrigin
  readonly #parts: AttemptParts
  readonly #claim: LoginClaim
  readonly #suspect: Suspect
  readonly #waitedMs: number
  /** Looked up for the throttle, for whoever asks first. */
  #found: Account | undefined
  #isSettled = false
  #asksForNothing = false

  private constructor(parts: AttemptParts, claim: LoginClaim, suspect: Suspect, waitedMs: number) {
    this.#parts = parts
    this.origin = claim.origin
    this.#claim = claim
    this.#suspect = suspect
    this.#waitedMs = waitedMs
    this.rank = parts.throttle.rank(suspect)
    this.source = suspect.prefix
  }

  /**
   * Waits until the throttle admits it. Refuses with `store-busy` when too many wait, and when nobody waits for the
   * outcome any more.
   */
  static async begin(parts: AttemptParts, claim: LoginClaim): Promise<LoginAttempt> {
    const { throttle, finder } = parts
    const { origin, claimed } = claim
    const range = throttle.rangeOf(origin.peer)
    const account = await knownAs(parts, range, claimed)
    const key = claimed === undefined ? undefined : finder.keyOf(claimed)
    const suspect = throttle.suspect(range, key, account?.name)
    const waitedMs = await throttle.admit(suspect, origin.signal)
    const attempt = new LoginAttempt(parts, claim, suspect, waitedMs)
    if (waitedMs === 0) attempt.#found = account
    if (claimed !== undefined && finder.mayAskForPart(claimed))
      attempt.#asksForNothing = await finder.asksForNothing(claimed)
    return attempt
  }

  /** The account that a name means; not looked up again when that was done for the throttle a moment ago. */
  async find(claimed: string): Promise<Account | undefined> {
    const found = this.#found
    this.#found = undefined
    return found && claimed === this.#claim.claimed ? found : this.#parts.finder.find(claimed)
  }

  /** The name asks for a folder that is not there: the attempt fails in the end, whatever else it proves. */
  get asksForNothing(): boolean {
    return this.#asksForNothing
  }

  get signal(): Abandonment | undefined {
    return this.origin.signal
  }

  /**
   * The account has proved to be who it claims to be. Fails when it asks to act as another; refuses with `store-busy` when
   * nobody waits for the outcome any more: then nobody came in, and nobody is known.
   */
  succeed(account: Account, grant: LoginGrant = fullGrant): Login | Promise<undefined> {
    if (!this.#mayActAs(account)) return this.fail('not-authorized', account)
    if (this.#asksForNothing) return this.fail('no-such-folder', account)
    this.#settle()
    const { throttle, log } = this.#parts
    const tls = this.origin.channel?.version
    const fields = { ...this.#fields(account), tls, appPassword: grant.appPassword }
    if (this.signal?.aborted) log.info(fields, 'login given up')
    refuseIfGone(this.signal)
    throttle.succeed(this.#suspect.prefix, account.name)
    log.info(fields, 'login')
    return { account, ...grant, loginName: this.#claim.claimed }
  }

  /** Counts the failure and tells the log at once; resolves when it may be answered. */
  async fail(reason: LoginFailure, account?: Account): Promise<undefined> {
    this.#settle()
    const { throttle, log } = this.#parts
    log.warn({ ...this.#fields(account), reason }, 'login failed')
    await throttle.fail(this.#suspect, this.#waitedMs, this.signal)
  }

  #mayActAs({ name }: Account): boolean {
    const { claimed, actAs } = this.#claim
    return actAs === undefined || actAs === claimed || foldAddress(actAs) === name
  }

  /** Who asked and in which session come first: nothing the peer says may stand before them. */
  #fields(account: Account | undefined): object {
    const { peer, protocol, sessionId } = this.origin
    return { peer, protocol, mechanism: this.#claim.mechanism, session: sessionId, user: account?.name }
  }

  #settle(): void {
    if (this.#isSettled) throw new Error('a login has one outcome')
    this.#isSettled = true
  }
}

/** Only whom the peer may be known as is looked up before the throttle had its say. */
async function knownAs(
  { throttle, finder }: AttemptParts,
  range: string,
  claimed: string | undefined,
): Promise<Account | undefined> {
  if (claimed === undefined) return undefined
  const names = finder.namesOf(claimed)
  return throttle.mayKnow(range, names) ? finder.findFirst(names) : undefined
}
