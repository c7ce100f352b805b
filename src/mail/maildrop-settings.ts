// What the maildrop of an account, or of one app password, is like where it differs from the configuration. Every setting
// may be missing; at a login those of the app password come first, then the account's, then the configuration's.
import type { ExpireDays } from './retention.ts'

/** What DELE means at QUIT: gone but for `undelete`, moved to Trash, or no longer shown by POP3. */
export const deletePolicies = ['expunge', 'trash', 'hide'] as const
export type DeletePolicy = (typeof deletePolicies)[number]

export interface MaildropSettings {
  /** What a session sees, in the words of `parseView`. */
  readonly view?: string
  readonly onDelete?: DeletePolicy
  /** In place of the retention rules for INBOX; of an account only, not of app passwords. */
  readonly expireDays?: ExpireDays
  /** The least time from one login to the next; 0: none. Of an account only. RFC 2449 section 6.5. */
  readonly loginDelayMs?: number
}

/** New values; null takes a setting away, so that the next in line counts. */
export type SettingsChange = {
  readonly [Name in keyof MaildropSettings]?: MaildropSettings[Name] | null
}

/** The settings of nobody in particular. */
export const noSettings: MaildropSettings = {}

/** The settings with a change made. */
export function changeSettings(settings: MaildropSettings, change: SettingsChange): MaildropSettings {
  const kept = Object.entries({ ...settings, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  )
  return kept.length === 0 ? noSettings : Object.fromEntries(kept)
}

/** As one text column keeps them: JSON, null where there are none. */
export function formatSettings(settings: MaildropSettings): string | null {
  return Object.keys(settings).length === 0 ? null : JSON.stringify(settings)
}

/** The settings of a column that `formatSettings` wrote. */
export function parseSettings(column: string | null): MaildropSettings {
  return column === null ? noSettings : (JSON.parse(column) as MaildropSettings)
}
