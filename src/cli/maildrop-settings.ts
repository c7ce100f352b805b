// The options that say what a maildrop is like, of an account or of an app password; and how settings are shown.
import { Option } from 'commander'
import { parseMilliseconds } from '../config.ts'
import {
  type DeletePolicy,
  deletePolicies,
  type MaildropSettings,
  type SettingsChange,
} from '../mail/maildrop-settings.ts'
import type { ExpireDays } from '../mail/retention.ts'
import { parseView } from '../mail/view.ts'
import { rejecting } from './arguments.ts'

export interface SettingsOptions {
  readonly view?: string | Default
  readonly onDelete?: DeletePolicy | Default
  /** Of an account only, as the next. */
  readonly loginDelay?: number | Default
  readonly expire?: ExpireDays | Default
}

const maxLoginDelayMs = 86_400_000

/** Takes a setting back; the parser of arguments makes something else of null. */
const byDefault = Symbol('default')
type Default = typeof byDefault

export function settingsOptions(): readonly Option[] {
  return [
    new Option(
      '--view <view>',
      'what POP3 shows: inbox, inbox+junk, folder=NAME, newest=N, since=YYYY-MM-DD, recent, read-only, several parted by commas; or default',
    ).argParser(rejecting(setting(viewText))),
    new Option(
      '--on-delete <policy>',
      `what becomes of deleted messages: ${deletePolicies.join(', ')}, or default`,
    ).argParser(rejecting(setting(deletePolicy))),
  ]
}

/** Those of an account: an app password has no more logins than its account. */
export function accountSettingsOptions(): readonly Option[] {
  return [
    ...settingsOptions(),
    new Option(
      '--login-delay <duration>',
      'the least time from one login to the next, such as 5m; 0 for none, or default',
    ).argParser(rejecting(setting(loginDelay))),
    new Option(
      '--expire <days>',
      'how many days mail stays in INBOX: 0 until it was retrieved, never for all time, or default',
    ).argParser(rejecting(setting(expireDays))),
  ]
}

/** What the options ask to change. */
export function settingsChange({ view, onDelete, loginDelay, expire }: SettingsOptions): SettingsChange {
  return {
    ...(view !== undefined && { view: orNull(view) }),
    ...(onDelete !== undefined && { onDelete: orNull(onDelete) }),
    ...(loginDelay !== undefined && { loginDelayMs: orNull(loginDelay) }),
    ...(expire !== undefined && { expireDays: orNull(expire) }),
  }
}

export function formatSettings({ view, onDelete, loginDelayMs, expireDays }: MaildropSettings): string {
  const parts = [
    view !== undefined && `view ${view}`,
    onDelete && `on delete ${onDelete}`,
    loginDelayMs !== undefined && `login delay ${loginDelayMs / 1000} s`,
    expireDays !== undefined && `expire ${expireDays}`,
  ]
  return parts.filter(Boolean).join('; ') || 'as configured'
}

/** A parser that also takes `default`. */
function setting<T>(parse: (text: string) => T): (text: string) => T | Default {
  return text => (text === 'default' ? byDefault : parse(text))
}

function orNull<T>(value: T | Default): T | null {
  return value === byDefault ? null : value
}

function viewText(text: string): string {
  parseView(text)
  return text
}

function loginDelay(text: string): number {
  const delayMs = parseMilliseconds(text)
  if (delayMs > maxLoginDelayMs) throw new Error('a login delay is at most 24h')
  if (delayMs % 1000 > 0) throw new Error('a login delay is in whole seconds')
  return delayMs
}

function expireDays(text: string): ExpireDays {
  if (text === 'never') return text
  if (!/^(0|[1-9][0-9]{0,4})$/.test(text))
    throw new Error(`${JSON.stringify(text)} is no number of days, nor never`)
  return Number(text)
}

function deletePolicy(text: string): DeletePolicy {
  const policy = deletePolicies.find(one => one === text.toLowerCase())
  if (!policy) throw new Error(`${JSON.stringify(text)} is none of ${deletePolicies.join(', ')}`)
  return policy
}
