// Which of what is known of servers holds for a session.
import { noQuirks, type Profile, profiles, type Quirks } from '../../mail/server-quirks.ts'

export { type Profile, profiles, type Quirks } from '../../mail/server-quirks.ts'

/** What holds for a session; later ones overrule earlier ones. */
export function mergeQuirks(...layers: readonly Partial<Quirks>[]): Quirks {
  return Object.assign({}, noQuirks, ...layers) as Quirks
}

export function quirksOfHost(host: string): Partial<Quirks> {
  return merged(profiles.filter(({ host: pattern }) => pattern?.test(host)))
}

/** `text` is what stands behind `+OK`. */
export function quirksOfGreeting(text: string): Partial<Quirks> {
  return merged(profiles.filter(({ greeting }) => greeting?.test(text)))
}

function merged(found: readonly Profile[]): Partial<Quirks> {
  return Object.assign({}, ...found.map(({ quirks }) => quirks)) as Partial<Quirks>
}
