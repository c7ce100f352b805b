// Reads the .cpuprofile files that `node --cpu-prof` wrote, and says where the measured time went: in each function
// itself, and in each with what it called.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Span } from './measure.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  /** Ids of what it called. */
  readonly children?: readonly number[]
}

/** Times are in microseconds on the machine's monotonic clock. */
interface CpuProfile {
  readonly startTime: number
  readonly nodes: readonly ProfileNode[]
  /** Ids of the node that was running. */
  readonly samples: readonly number[]
  /** From the sample before to each sample. */
  readonly timeDeltas: readonly number[]
}

interface Times {
  selfUs: number
  totalUs: number
}

const idle = '(idle)'

/** Two tables for each profile of the folder. Only samples within the spans count, or all if there are none. */
export function formatProfiles(folder: string, spans: readonly Span[], top = 30): string {
  return readdirSync(folder)
    .filter(file => file.endsWith('.cpuprofile'))
    .map(file => {
      const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
      return `${join(folder, file)}: ${formatProfile(profile, spans, top)}`
    })
    .join('\n\n')
}

function formatProfile(profile: CpuProfile, spans: readonly Span[], top: number): string {
  const times = timesByPlace(profile, spans)
  const idleUs = times.get(idle)?.selfUs ?? 0
  times.delete(idle)
  const busyUs = [...times.values()].reduce((sum, { selfUs }) => sum + selfUs, 0)
  const table = (key: keyof Times) =>
    [...times]
      .sort(([, a], [, b]) => b[key] - a[key])
      .slice(0, top)
      .map(([place, time]) => `${((100 * time[key]) / busyUs).toFixed(1).padStart(5)} %  ${place}`)
  return [
    `busy ${(busyUs / 1e6).toFixed(2)} s, idle ${(idleUs / 1e6).toFixed(2)} s`,
    'by itself:',
    ...table('selfUs'),
    'with what it called:',
    ...table('totalUs'),
  ].join('\n')
}

/** A function that calls itself counts once. */
function timesByPlace(profile: CpuProfile, spans: readonly Span[]): Map<string, Times> {
  const stacks = stacksByNode(profile.nodes)
  const times = new Map<string, Times>()
  let atUs = profile.startTime
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0
    atUs += us
    if (spans.length > 0 && !spans.some(({ from, to }) => from <= atUs && atUs < to)) return
    const stack = stacks.get(id) ?? []
    for (const place of new Set(stack)) {
      const time = times.get(place) ?? { selfUs: 0, totalUs: 0 }
      times.set(place, time)
      time.totalUs += us
      if (place === stack[0]) time.selfUs += us
    }
  })
  return times
}

/** The places from each node up to the root, which is left out. */
function stacksByNode(nodes: readonly ProfileNode[]): Map<number, readonly string[]> {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const stacks = new Map<number, readonly string[]>()
  const visit = (node: ProfileNode, above: readonly string[]) => {
    const stack = node.callFrame.functionName === '(root)' ? [] : [placeOf(node), ...above]
    stacks.set(node.id, stack)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) visit(child, stack)
    }
  }
  const [root] = nodes
  if (root) visit(root, [])
  return stacks
}

function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const path = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
  return `${name}  ${path}:${lineNumber + 1}`
}
