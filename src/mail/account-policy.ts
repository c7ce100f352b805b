// What holds for an account's logins and for its mail, and what may be told of it before it is known who asks: there the
// longest login delay and the shortest stay of all accounts are announced, RFC 2449 sections 6.5 and 6.7.
import { inboxName, junkName } from './folder-name.ts'
import { type MaildropSettings, noSettings } from './maildrop-settings.ts'
import type { MaildropOptions } from './maildrop-store.ts'
import { asksForRetrieval, deletesRetrieved, type Expire, expireOf, type RetentionRule } from './retention.ts'

/** What holds for accounts that set nothing of their own. */
export interface PolicyRules {
  /** 0: none. */
  readonly loginDelayMs: number
  readonly retention: readonly RetentionRule[]
}

/** What may be announced. */
export interface Announcement {
  readonly loginDelayMs: number
  /** Undefined: nothing can be promised. */
  readonly expire: Expire | undefined
}

/** The same for everybody, and whether it differs between accounts. */
export interface CommonAnnouncement extends Announcement {
  readonly loginDelayDiffers: boolean
  readonly expireDiffers: boolean
}

export interface AccountPolicyOptions {
  /** Asked each time: a configuration may be read again. */
  readonly rules: () => PolicyRules
  /** What accounts have set for themselves, each set of settings once. Default: nothing. */
  readonly survey?: () => Promise<readonly MaildropSettings[]>
  readonly now?: () => number
}

/** It goes at QUIT, RFC 2449 section 6.7; it goes some time later, so that the time is to be kept; or neither. */
export type AfterRetrieval = 'delete' | 'note' | 'nothing'

/** How long a survey of the accounts is believed. */
const believedMs = 10_000

export class AccountPolicy {
  readonly #rules: () => PolicyRules
  readonly #askSurvey: () => Promise<readonly MaildropSettings[]>
  readonly #now: () => number
  #survey: readonly MaildropSettings[] = []
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor({ rules, survey, now }: AccountPolicyOptions) {
    this.#rules = rules
    this.#askSurvey = survey ?? (async () => [])
    this.#now = now ?? (() => performance.now())
  }

  loginDelayMs(settings: MaildropSettings): number {
    return settings.loginDelayMs ?? this.#rules().loginDelayMs
  }

  /** How long messages stay in folders that are shown together. */
  expire(settings: MaildropSettings, folders: readonly string[] = [inboxName]): Expire | undefined {
    const { retention } = this.#rules()
    return shortest(folders.map(folder => expireOf(retention, settings, folder)))
  }

  /** What becomes of a message once it was retrieved; of folders that are shown together the mildest holds. */
  afterRetrieval(settings: MaildropSettings, folders: readonly string[] = [inboxName]): AfterRetrieval {
    const { retention } = this.#rules()
    if (retention.length === 0 && settings.expireDays === undefined) return 'nothing'
    if (folders.every(folder => deletesRetrieved(retention, settings, folder))) return 'delete'
    return folders.some(folder => asksForRetrieval(retention, settings, folder)) ? 'note' : 'nothing'
  }

  /** What holds whoever logs in, whichever folder the name asks for. A survey that has grown old is renewed behind it. */
  forEverybody(): CommonAnnouncement {
    if (this.#now() - this.#askedAtMs >= believedMs) void this.refresh()
    const { retention } = this.#rules()
    const settings = [noSettings, ...this.#survey]
    const delays = settings.map(one => this.loginDelayMs(one))
    const folders = [inboxName, ...retention.map(({ folder }) => folder).filter(name => name !== '*')]
    const expires = settings.flatMap(one => folders.map(folder => expireOf(retention, one, folder)))
    return {
      loginDelayMs: Math.max(...delays),
      loginDelayDiffers: new Set(delays).size > 1,
      expire: shortest(expires),
      expireDiffers: new Set(expires).size > 1,
    }
  }

  /** Asks what accounts have set. What was true before is believed while that cannot be told. */
  async refresh(): Promise<void> {
    this.#askedAtMs = this.#now()
    try {
      this.#survey = await this.#askSurvey()
    } catch {
      // Logins tell the fault.
    }
  }
}

/** Of an office that delays nobody and keeps everything. */
export const freePolicy = new AccountPolicy({ rules: () => ({ loginDelayMs: 0, retention: [] }) })

/** The folders whose messages a maildrop shows. */
export function shownFolders({ folder = inboxName, junk }: MaildropOptions): readonly string[] {
  return junk ? [folder, junkName] : [folder]
}

function shortest(expires: readonly (Expire | undefined)[]): Expire | undefined {
  if (expires.includes(undefined)) return undefined
  const days = expires.filter(expire => typeof expire === 'number')
  return days.length === 0 ? 'never' : Math.min(...days)
}
