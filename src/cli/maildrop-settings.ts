// The options that say what a maildrop is like, of an account or of an app password; and how settings are shown.
import { Option } from 'commander'
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
}

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

/** What the options ask to change. */
export function settingsChange({ view, onDelete }: SettingsOptions): SettingsChange {
  return { ...(view !== undefined && { view }), ...(onDelete !== undefined && { onDelete }) }
}

export function formatSettings({ view, onDelete }: MaildropSettings): string {
  const parts = [view !== undefined && `view ${view}`, onDelete && `on delete ${onDelete}`]
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

function deletePolicy(text: string): DeletePolicy {
  const policy = deletePolicies.find(one => one === text.toLowerCase())
  if (!policy) throw new Error(`${JSON.stringify(text)} is none of ${deletePolicies.join(', ')}`)
  return policy
}
