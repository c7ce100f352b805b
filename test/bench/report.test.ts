// Medians, ratios and verdicts of the benchmark.
import { describe, expect, it } from 'vitest'
import { formatResults, type Sample, summarize } from '../../bench/report.ts'
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

function samples(metric: 'login' | 'idle', poplar: readonly number[], dovecot: readonly number[]): Sample[] {
  const of = (server: 'poplar' | 'dovecot', figures: readonly number[]) =>
    figures.map((figure, round) => ({ scenario: metric, server, round, figures: { [metric]: figure } }))
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

  it('prints a table with the verdicts', () => {
    const all = [...samples('login', [200], [100]), ...samples('idle', [20], [600])]
    const table = formatResults(summarize(circumstances, all))
    expect(table).toMatch(/login.*200 +100 +sessions\/s +2\.00x +4x +missed: 50 % of it$/m)
    expect(table).toMatch(/idle.*20 +600 +KB +30\.00x +40 KB +met$/m)
  })
})
