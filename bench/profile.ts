// Reads the .cpuprofile files that `node --cpu-prof` wrote, and says in which functions the time was spent themselves,
// without what they called. One file per thread.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

/** A table for each profile of the folder: share of the busy time, milliseconds, function, place. */
export function formatProfiles(folder: string, top = 30): string {
  return readdirSync(folder)
    .filter(file => file.endsWith('.cpuprofile'))
    .map(file => formatProfile(file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile, top))
    .join('\n\n')
}

function formatProfile(file: string, profile: CpuProfile, top: number): string {
  const microseconds = selfTimes(profile)
  const idle = microseconds.get('(idle)') ?? 0
  microseconds.delete('(idle)')
  const busy = [...microseconds.values()].reduce((sum, time) => sum + time, 0)
  const lines = [...microseconds]
    .sort(([, a], [, b]) => b - a)
    .slice(0, top)
    .map(([place, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${place}`)
  return [`${file}: busy ${(busy / 1e6).toFixed(1)} s, idle ${(idle / 1e6).toFixed(1)} s`, ...lines].join(
    '\n',
  )
}

/** Microseconds by function and place. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  samples.forEach((id, index) => {
    const place = places.get(id) ?? '(unknown)'
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] ?? 0))
  })
  return times
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const path = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
  return `${name}  ${path}:${lineNumber + 1}`
}
