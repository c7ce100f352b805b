// What of an account a POP3 session sees, in words: terms parted by commas, such as `inbox+junk,newest=500,read-only`. The
// words stand in the configuration, in settings, and before the colon of a login name (docs/views.md).
import { folderNameFault, sameFolder } from './folder-name.ts'

/** A view; what it does not name is left to the next in line, in the end to INBOX, whole, with DELE. */
export interface View {
  readonly source?: ViewSource
  /** Only so many messages, the latest. */
  readonly newest?: number
  /** Only what came in since: a time in milliseconds, or the last 30 days whenever it is looked. */
  readonly since?: number | 'recent'
  /** Only what was sent to this local part, of several behind one account. */
  readonly addressee?: string
  /** DELE is refused. */
  readonly readOnly?: true
}

export type ViewSource =
  | { readonly kind: 'inbox' }
  /** INBOX, and behind it the messages of Junk with a marked Subject. */
  | { readonly kind: 'inbox+junk' }
  | { readonly kind: 'folder'; readonly name: string }

const recentDays = 30
const maxNewest = 1_000_000

/** Reads a view. Throws an Error with a sentence for a person. */
export function parseView(text: string): View {
  let view: View = {}
  for (const term of text.split(',').map(term => term.trim())) {
    const more = parseTerm(term)
    if (!more) throw new Error(`${JSON.stringify(term)} is none of ${termNames}`)
    const twice = Object.keys(more).find(name => name !== 'readOnly' && name in view)
    if (twice) throw new Error(`${JSON.stringify(text)} says twice what it shows`)
    view = { ...view, ...more }
  }
  return view
}

const termNames =
  'inbox, inbox+junk, folder=NAME, newest=N, since=YYYY-MM-DD, recent, read-only, parted by commas'

/** What one term says; undefined when it says nothing. */
export function parseTerm(term: string): View | undefined {
  const at = term.indexOf('=')
  const name = (at === -1 ? term : term.slice(0, at)).toLowerCase()
  return Object.hasOwn(terms, name)
    ? terms[name]?.(at === -1 ? undefined : term.slice(at + 1).trim())
    : undefined
}

const terms: Readonly<Record<string, (value: string | undefined) => View | undefined>> = {
  inbox: plain({ source: { kind: 'inbox' } }),
  'inbox+junk': plain({ source: { kind: 'inbox+junk' } }),
  folder: name =>
    name === undefined || folderNameFault(name) ? undefined : { source: { kind: 'folder', name } },
  newest(value = '') {
    const newest = /^[1-9]\d{0,6}$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY
    return newest <= maxNewest ? { newest } : undefined
  },
  since(value = '') {
    const since = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(value) : Number.NaN
    // Date.parse makes the 3rd of March of the 31st of February in some engines; none may pass.
    const isDay = !Number.isNaN(since) && new Date(since).toISOString().startsWith(value)
    return isDay ? { since } : undefined
  },
  recent: plain({ since: 'recent', readOnly: true }),
  'read-only': plain({ readOnly: true }),
}

function plain(view: View): (value: string | undefined) => View | undefined {
  return value => (value === undefined ? view : undefined)
}

/** Of two that both say it, the login name's counts over the settings'; read-only is never taken back. */
export function overlayView(under: View, over: View): View {
  return { ...under, ...over, ...((under.readOnly || over.readOnly) && { readOnly: true }) }
}

/**
 * As `overlayView`, but `over` may only narrow what an app password was given: undefined when it asks for another source.
 * Messages of INBOX alone are fewer than those of INBOX and Junk.
 */
export function narrowView(limits: View, over: View, now: number): View | undefined {
  const { source = over.source } = limits
  if (over.source && source && !isWithin(over.source, source)) return undefined
  const view = overlayView(limits, over)
  const newest = least(limits.newest, over.newest)
  const since = latest(limits.since, over.since, now)
  return { ...view, ...(newest !== undefined && { newest }), ...(since !== undefined && { since }) }
}

/** The earliest time of receipt that the view shows, in milliseconds; undefined for any. */
export function sinceOf({ since }: View, now: number): number | undefined {
  return since === 'recent' ? now - recentDays * 86_400_000 : since
}

function isWithin(source: ViewSource, limits: ViewSource): boolean {
  if (source.kind === 'folder' && limits.kind === 'folder') return sameFolder(source.name, limits.name)
  if (source.kind === limits.kind) return true
  if (limits.kind === 'inbox+junk')
    return source.kind === 'inbox' || (source.kind === 'folder' && /^(inbox|junk)$/i.test(source.name))
  return limits.kind === 'inbox' && source.kind === 'folder' && /^inbox$/i.test(source.name)
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : other === undefined ? one : Math.min(one, other)
}

function latest(one: View['since'], other: View['since'], now: number): View['since'] {
  if (one === undefined || other === undefined) return one ?? other
  return (sinceOf({ since: one }, now) ?? 0) >= (sinceOf({ since: other }, now) ?? 0) ? one : other
}
