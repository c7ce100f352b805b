// Medians, ratios and verdicts of the benchmark.
import { describe, expect, it } from 'vitest'
import { formatResults, formatSample, type Sample, summarize } from '../../bench/report.ts'
import { median } from '../../bench/statistics.ts'

const circumstances = {
  command: 'npm run bench',
  at: '2026-11-20T12:00:00Z',
  machine: { processor: 'P', cores: 2, memoryGiB: 8, kernel: 'Linux', fileSystem: 'ext4', node: 'v20' },
  servers: { poplar: 'Poplar', dovecot: 'Dovecot' },
  rounds: 3,
  measureSeconds: 4,
  sessions: 32,
}

type TestMetric = 'login' | 'idle' | 'floodRetr' | 'floodLogin'

const scenarioOf = {
  login: 'login',
  idle: 'idle',
  floodRetr: 'flood',
  floodLogin: 'flood',
} as const

function samples(metric: TestMetric, poplar: readonly number[], dovecot: readonly number[]): Sample[] {
  const of = (server: 'poplar' | 'dovecot', figures: readonly number[]) =>
    figures.map((figure, round) => ({
      scenario: scenarioOf[metric],
      server,
      round,
      figures: { [metric]: figure },
    }))
  return [...of('poplar', poplar), ...of('dovecot', dovecot)]
}

describe('median', () => {
  it.each([
    [[3, 1, 2], 2, 'the middle, whatever the order'],
    [[1, 2, 3, 100], 2.5, 'the mean of the middle two'],
    [[7], 7, 'of one'],
    [[], Number.NaN, 'of none'],
  ])('of %j is %d: %s', (values, expected) => {
    expect(median(values)).toBe(expected)
  })
})

describe('summarize', () => {
  it('says by how much a ratio was missed', () => {
    const [result] = summarize(circumstances, samples('login', [300, 200, 100], [50, 100, 120])).metrics
    expect(result).toMatchObject({ medians: { poplar: 200, dovecot: 100 }, ratio: 2, reached: 0.5 })
  })

  it('turns the ratio round where less is better', () => {
    const [result] = summarize(circumstances, samples('idle', [20], [600])).metrics
    expect(result).toMatchObject({ ratio: 30, reached: 2 })
  })

  it('leaves out what was not measured', () => {
    const [result] = summarize(circumstances, samples('login', [], [600])).metrics
    expect(result?.medians).toEqual({ dovecot: 600 })
    expect(result?.ratio).toBeUndefined()
    expect(result?.reached).toBeUndefined()
  })

  it.each([
    [72, 0.9, 'less than the share asked for'],
    [100, 1.25, 'all of it'],
  ])('measures %d %% against a lower limit: %s is not judged by the other server', (share, reached) => {
    const [result] = summarize(circumstances, samples('floodRetr', [share], [10])).metrics
    expect(result).toMatchObject({ reached })
  })

  it('takes a login that nobody got as endless', () => {
    const [result] = summarize(circumstances, samples('floodLogin', [Number.POSITIVE_INFINITY], [])).metrics
    expect(result).toMatchObject({ medians: { poplar: Number.POSITIVE_INFINITY }, reached: 0 })
  })

  it('prints a table with the verdicts', () => {
    const all = [
      ...samples('login', [200], [100]),
      ...samples('idle', [20], [600]),
      ...samples('floodRetr', [90], []),
    ]
    const table = formatResults(summarize(circumstances, all))
    expect(table).toMatch(/login.*200 +100 +sessions\/s +2\.00x +4x +missed: 50 % of it$/m)
    expect(table).toMatch(/idle.*20 +600 +KB +30\.00x +40 KB +met$/m)
    expect(table).toMatch(/RETRs.*90 +- +% +at least 80 % +met$/m)
  })

  it('prints a measurement with what else is worth knowing', () => {
    const cores = { server: 0.5, generator: 0.25 }
    const sample = { scenario: 'login', server: 'poplar', round: 2, figures: { login: 100 }, cores } as const
    expect(formatSample({ ...sample, octetsPerSecond: 0, notes: ['half of them'] })).toMatch(
      /^login +round 2 +poplar +100 sessions\/s, cores: server 0\.50, generator 0\.25, .*5000 us each, half of them$/,
    )
  })
})

describe('what metrics cost', () => {
  const sample = (server: 'poplar' | 'metered', round: number, rate: number, busy: number): Sample => ({
    scenario: 'login',
    server,
    round,
    figures: { login: rate },
    cores: { server: busy, generator: 0.1 },
  })

  it('is told by processor time, each round beside its like', () => {
    const samples = [
      sample('poplar', 1, 1000, 0.5),
      sample('metered', 1, 1000, 0.51),
      sample('poplar', 2, 500, 0.5),
      sample('metered', 2, 250, 0.255),
      sample('poplar', 3, 1000, 0.5),
      sample('metered', 3, 1000, 0.9),
    ]
    expect(formatResults(summarize(circumstances, samples))).toContain(
      "metrics on login: 2.0 % of the server's processor time (median of 3 rounds)",
    )
  })

  it('is not told where there is nothing to compare', () => {
    const text = formatResults(summarize(circumstances, samples('login', [1], [2])))
    expect(text).not.toContain('metrics on')
  })
})
