// What a session sees of its account, and what DELE does there: from the configuration, the settings of the account and of
// the app password, and the name that was logged in with (docs/views.md).
import type { Account } from './account.ts'
import { type LoginNameRules, readLoginName } from './login-name.ts'
import type { DeletePolicy, MaildropSettings } from './maildrop-settings.ts'
import type { MaildropOptions, SubjectMark } from './maildrop-store.ts'
import { narrowView, overlayView, parseView, sinceOf, type View } from './view.ts'

export interface ViewRules extends LoginNameRules {
  /** Of accounts that have no view of their own. */
  readonly view: View
  readonly onDelete: DeletePolicy
  /** Of messages of Junk among those of INBOX. */
  readonly junkMark: SubjectMark
}

/** INBOX for everybody, and names that name accounts alone. */
export const plainViews: ViewRules = {
  separator: '',
  localDomains: new Set(),
  hosts: new Set(),
  view: {},
  onDelete: 'expunge',
  junkMark: { text: '[Junk]', folder: 'Junk' },
}

/** The part of a login that says what it sees. */
export interface ViewedLogin {
  readonly account: Pick<Account, 'name' | 'settings'>
  /** As it was claimed; undefined when no name was. */
  readonly loginName?: string | undefined
  /** Of the app password, if it was one. */
  readonly appSettings?: MaildropSettings | undefined
}

export interface SessionView {
  readonly options: MaildropOptions
  readonly readOnly: boolean
}

/**
 * With `folder`, as if the name had asked for that one. Undefined when the app password shows other folders than are asked
 * for.
 */
export function viewOfLogin(
  login: ViewedLogin,
  rules: ViewRules,
  now: number,
  folder?: string,
): SessionView | undefined {
  const { account, appSettings } = login
  const named = askedFor(login, rules)
  const asked: View = folder === undefined ? named : { ...named, source: { kind: 'folder', name: folder } }
  const own = account.settings.view
  const base = own === undefined ? rules.view : parseView(own)
  const limits = appSettings?.view === undefined ? undefined : parseView(appSettings.view)
  const view = limits === undefined ? overlayView(base, asked) : narrowView(limits, asked, now)
  if (!view) return undefined
  // Each view stands in place of the one before it, but for this.
  const readOnly = [rules.view, base, view].some(each => each.readOnly === true)
  const onDelete = appSettings?.onDelete ?? account.settings.onDelete ?? rules.onDelete
  return { options: optionsOf(view, onDelete, rules, now), readOnly }
}

/** What the name asks for beside the account. */
function askedFor({ account, loginName }: ViewedLogin, rules: ViewRules): View {
  if (loginName === undefined) return {}
  return readLoginName(loginName, rules).find(({ accountName }) => accountName === account.name)?.view ?? {}
}

function optionsOf(
  view: View,
  onDelete: DeletePolicy,
  { junkMark }: ViewRules,
  now: number,
): MaildropOptions {
  const { source, newest, addressee } = view
  const since = sinceOf(view, now)
  return {
    onDelete,
    ...(source?.kind === 'folder' && { folder: source.name }),
    ...(source?.kind === 'inbox+junk' && { junk: junkMark }),
    ...(newest !== undefined && { newest }),
    ...(since !== undefined && { since }),
    ...(addressee !== undefined && { addressee }),
  }
}
