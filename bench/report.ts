// The results as a value for JSON and as tables for people.
import type { Machine } from './machine.ts'
import type { Measurement } from './measure.ts'
import { type Metric, type MetricName, metrics, type ScenarioName, type Target } from './scenarios.ts'
import type { ContenderName } from './servers/contender.ts'
import { median } from './statistics.ts'

/** One measurement with its circumstances. */
export interface Sample extends Omit<Measurement, 'span'> {
  readonly scenario: ScenarioName
  readonly server: ContenderName
  readonly round: number
}

export interface Circumstances {
  readonly command: string
  readonly at: string
  readonly machine: Machine
  /** Name and version of each server. */
  readonly servers: Partial<Record<ContenderName, string>>
  readonly rounds: number
  readonly measureSeconds: number
  readonly sessions: number
}

export interface MetricResult {
  readonly metric: MetricName
  readonly title: string
  readonly unit: string
  /** Medians over the rounds. */
  readonly medians: Partial<Record<ContenderName, number>>
  /** How many times better than Dovecot Poplar is. */
  readonly ratio?: number
  readonly target?: Target
  /** Above 1 the target is met; 0.9 means a tenth is missing. */
  readonly reached?: number
}

export interface Results extends Circumstances {
  readonly metrics: readonly MetricResult[]
  readonly samples: readonly Sample[]
}

export function summarize(circumstances: Circumstances, samples: readonly Sample[]): Results {
  const results = (Object.keys(metrics) as MetricName[])
    .filter(name => samples.some(({ figures }) => figures[name] !== undefined))
    .map(name => summarizeMetric(name, samples))
  return { ...circumstances, metrics: results, samples }
}

function summarizeMetric(name: MetricName, samples: readonly Sample[]): MetricResult {
  const { title, unit, better, target }: Metric = metrics[name]
  const medians: Partial<Record<ContenderName, number>> = {}
  for (const { server } of samples) {
    const figures = samples.filter(sample => sample.server === server).map(({ figures }) => figures[name])
    const middle = median(figures.filter(figure => figure !== undefined))
    if (!Number.isNaN(middle)) medians[server] = middle
  }
  const { poplar, dovecot } = medians
  const ratio =
    poplar === undefined || dovecot === undefined
      ? undefined
      : better === 'more'
        ? poplar / dovecot
        : dovecot / poplar
  const reached = target && reachedOf(target, ratio, poplar)
  return {
    metric: name,
    title,
    unit,
    medians,
    ...(ratio !== undefined && { ratio }),
    ...(target && { target }),
    ...(reached !== undefined && { reached }),
  }
}

function reachedOf(
  target: Target,
  ratio: number | undefined,
  poplar: number | undefined,
): number | undefined {
  if ('ratio' in target) return ratio === undefined ? undefined : ratio / target.ratio
  if (poplar === undefined) return undefined
  return 'atMost' in target ? target.atMost / poplar : poplar / target.atLeast
}

/** The circumstances and the table of medians. */
export function formatResults(results: Results): string {
  const { machine, servers, rounds, measureSeconds, sessions, command, at } = results
  const names = Object.keys(servers) as ContenderName[]
  const heading = ['', ...names, 'unit', ...(names.length > 1 ? ['ratio'] : []), 'target', '']
  const rows = results.metrics.map(({ title, unit, medians, ratio, target, reached }) => [
    title,
    ...names.map(name => formatFigure(medians[name])),
    unit,
    ...(names.length > 1 ? [ratio === undefined ? '' : `${ratio.toFixed(2)}x`] : []),
    formatTarget(target, unit),
    formatReached(reached),
  ])
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}, ${machine.fileSystem}, Node ${machine.node}`,
    Object.values(servers).join('; '),
    `${command}; ${at}; medians of ${rounds} rounds of ${measureSeconds} s, ${sessions} sessions at once`,
    '',
    ...formatTable([heading, ...rows]),
    ...formatMetering(results.samples),
  ].join('\n')
}

/** What metrics cost: each round with them beside the same round without, so that the machine's moods weigh little. */
function formatMetering(samples: readonly Sample[]): string[] {
  return [...new Set(samples.map(({ scenario }) => scenario))].flatMap(scenario => {
    const changes = samples
      .filter(sample => sample.scenario === scenario && sample.server === 'metered')
      .flatMap(metered => {
        const plain = samples.find(
          sample =>
            sample.scenario === scenario && sample.server === 'poplar' && sample.round === metered.round,
        )
        const [costs, costsPlain] = [processorTimeOf(metered), plain && processorTimeOf(plain)]
        return costs === undefined || costsPlain === undefined ? [] : [costs / costsPlain - 1]
      })
    if (changes.length === 0) return []
    const percent = (median(changes) * 100).toFixed(1)
    return [
      `metrics on ${scenario}: ${percent} % of the server's processor time (median of ${changes.length} rounds)`,
    ]
  })
}

/** Seconds of the server's processors for each that was done. */
function processorTimeOf({ cores, figures }: Sample): number | undefined {
  const [rate = 0] = Object.values(figures)
  return cores && rate > 0 ? cores.server / rate : undefined
}

/** One line for one measurement, as it is made. */
export function formatSample(sample: Sample): string {
  const { scenario, server, round, figures, cores, octetsPerSecond, notes = [] } = sample
  const parts = (Object.keys(figures) as MetricName[]).map(
    name => `${formatFigure(figures[name])} ${metrics[name].unit}`,
  )
  if (octetsPerSecond) parts.push(`${(octetsPerSecond / 1e6).toFixed(0)} MB/s`)
  if (cores) {
    parts.push(`cores: server ${cores.server.toFixed(2)}, generator ${cores.generator.toFixed(2)}`)
  }
  if (cores && octetsPerSecond !== undefined) {
    const [rate = 0] = Object.values(figures)
    parts.push(`server's processor time ${((cores.server / rate) * 1e6).toFixed(0)} us each`)
  }
  parts.push(...notes)
  return `${scenario.padEnd(17)} round ${round}  ${server.padEnd(8)} ${parts.join(', ')}`
}

function formatTarget(target: Target | undefined, unit: string): string {
  if (!target) return ''
  if ('ratio' in target) return `${target.ratio}x`
  return 'atMost' in target ? `${target.atMost} ${unit}` : `at least ${target.atLeast} ${unit}`
}

function formatReached(reached: number | undefined): string {
  if (reached === undefined) return ''
  return reached >= 1 ? 'met' : `missed: ${(reached * 100).toFixed(0)} % of it`
}

function formatFigure(figure: number | undefined): string {
  if (figure === undefined) return '-'
  return figure.toLocaleString('en-US', { maximumFractionDigits: figure < 100 ? 1 : 0 })
}

/** Columns padded to their widest cell; all but the first to the right. */
function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
