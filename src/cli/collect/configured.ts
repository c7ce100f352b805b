// Which of the sources that another program had are in the configuration already: these keep their name and their settings,
// and only what was fetched is taken over.
import type { CollectConfig } from '../../config.ts'
import { type AdoptedSource, identityOf } from '../../pop3/collector/adoption/index.ts'

export interface MatchedSource {
  readonly source: AdoptedSource
  /** As the configuration has it; undefined where it is new. */
  readonly configured: CollectConfig | undefined
}

/** New sources get a name that the configuration does not have. */
export function matchConfigured(
  sources: readonly AdoptedSource[],
  collect: readonly CollectConfig[],
): readonly MatchedSource[] {
  const names = new Set(collect.map(({ name }) => name))
  return sources.map(source => {
    const configured = collect.find(candidate => isSame(source, candidate))
    if (!configured) {
      const name = freeName(source.name, names)
      names.add(name)
      return { source: { ...source, name }, configured: undefined }
    }
    const { name, protocol, host, port, user, tls, folders } = configured
    const place = { name, protocol, host, port, user, folders, to: configured.to.map(({ text }) => text) }
    return { source: { ...source, ...place, tls: tls === 'opportunistic' ? 'stls' : tls }, configured }
  })
}

/** A list of messages alone tells of no port. */
function isSame(source: AdoptedSource, { protocol, host, port, user }: CollectConfig): boolean {
  if (source.protocol !== protocol || source.user !== user) return false
  if (source.host.toLowerCase() !== host.toLowerCase()) return false
  if (!source.isConfigured && source.port === undefined) return true
  return identityOf({ ...source, host, port }) === identityOf(source)
}

function freeName(name: string, names: ReadonlySet<string>): string {
  let free = name
  for (let number = 2; names.has(free); number += 1) free = `${name}-${number}`
  return free
}
