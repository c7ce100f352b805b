// The options that say what a maildrop is like, of an account or of an app password; and how settings are shown.
import { Option } from 'commander'
import { parseMilliseconds } from '../config.ts'
import {
  type DeletePolicy,
  deletePolicies,
  type MaildropSettings,
  type SettingsChange,
} from '../mail/maildrop-settings.ts'
import { parseView } from '../mail/view.ts'
import { rejecting } from './arguments.ts'

export interface SettingsOptions {
  readonly view?: string | null
  readonly onDelete?: DeletePolicy | null
  /** Of an account only. */
  readonly loginDelay?: number | null
}

const maxLoginDelayMs = 86_400_000

/** Takes a setting back. */
const byDefault = 'default'

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
  ]
}

/** What the options ask to change. */
export function settingsChange({ view, onDelete, loginDelay }: SettingsOptions): SettingsChange {
  return {
    ...(view !== undefined && { view }),
    ...(onDelete !== undefined && { onDelete }),
    ...(loginDelay !== undefined && { loginDelayMs: loginDelay }),
  }
}

export function formatSettings({ view, onDelete, loginDelayMs }: MaildropSettings): string {
  const parts = [
    view !== undefined && `view ${view}`,
    onDelete && `on delete ${onDelete}`,
    loginDelayMs !== undefined && `login delay ${loginDelayMs / 1000} s`,
  ]
  return parts.filter(Boolean).join('; ') || 'as configured'
}

/** A parser that also takes `default`, for null. */
function setting<T>(parse: (text: string) => T): (text: string) => T | null {
  return text => (text === byDefault ? null : parse(text))
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

function deletePolicy(text: string): DeletePolicy {
  const policy = deletePolicies.find(one => one === text.toLowerCase())
  if (!policy) throw new Error(`${JSON.stringify(text)} is none of ${deletePolicies.join(', ')}`)
  return policy
}
