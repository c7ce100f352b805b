// Cells that are counted in, and the text that Prometheus reads of them.
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { CountFamily, DurationFamily, Durations, durationBounds } from '../../src/metrics/tally.ts'

function counts(labelNames: readonly string[] = ['verb']): {
  family: CountFamily
  text: () => Promise<string>
} {
  const registry = new Registry()
  const family = new CountFamily({ name: 'test_total', help: 'A test.', labelNames }).registerIn(registry)
  return { family, text: () => registry.metrics() }
}

describe('a family of counts', () => {
  it('gives the same cell to the same labels', () => {
    const { family } = counts()
    expect(family.of('RETR')).toBe(family.of('RETR'))
    expect(family.of('RETR')).not.toBe(family.of('TOP'))
  })

  it('is told in the text format', async () => {
    const { family, text } = counts(['verb', 'result'])
    family.of('RETR', 'ok').value += 3
    expect(await text()).toBe(
      '# HELP test_total A test.\n# TYPE test_total counter\ntest_total{verb="RETR",result="ok"} 3\n',
    )
  })

  it.each([
    ['a"b', '{verb="a\\"b"}', 'a quote would end the value'],
    ['a\\b', '{verb="a\\\\b"}', 'a backslash would begin an escape'],
  ])('escapes the label %j: %s', async (label, expected) => {
    const { family, text } = counts()
    family.of(label).value = 1
    expect(await text()).toContain(expected)
  })

  it('does not grow without end, whatever the labels', async () => {
    const { family, text } = counts()
    for (let index = 0; index < 5_000; index++) family.of(`verb${index}`).value += 1
    const lines = (await text()).split('\n').filter(line => line.startsWith('test_total{'))
    expect(lines).toHaveLength(1_001)
    expect(family.of('other').value).toBe(4_000)
  })

  it('is filled before it is read, where it asks for that', async () => {
    const registry = new Registry()
    const family = new CountFamily({
      name: 'test_total',
      help: 'A test.',
      labelNames: [],
      collect: () => {
        family.of().value = 7
      },
    }).registerIn(registry)
    expect(await registry.metrics()).toContain('\ntest_total 7\n')
  })
})

describe('durations', () => {
  it.each([
    [0, 0, 'nothing'],
    [0.5, 0, 'the bound itself belongs to its bucket'],
    [0.51, 1, 'a little above'],
    [59_999, 13, 'below the last bound'],
    [60_001, 14, 'above all bounds'],
  ])('%d ms go to bucket %d: %s', (durationMs, bucket) => {
    const durations = new Durations()
    durations.observe(durationMs)
    expect(durations.counts.findIndex(count => count > 0)).toBe(bucket)
  })

  it('are told as a histogram: buckets add up, seconds', async () => {
    const registry = new Registry()
    const family = new DurationFamily({ name: 'test_seconds', help: 'A test.', labelNames: ['verb'] })
    family.registerIn(registry)
    for (const durationMs of [0.2, 0.2, 3, 100_000]) family.of('RETR').observe(durationMs)
    const text = await registry.metrics()
    expect(text).toContain('# TYPE test_seconds histogram\n')
    expect(text).toContain('test_seconds_bucket{le="0.0005",verb="RETR"} 2\n')
    expect(text).toContain('test_seconds_bucket{le="0.005",verb="RETR"} 3\n')
    expect(text).toContain('test_seconds_bucket{le="60",verb="RETR"} 3\n')
    expect(text).toContain('test_seconds_bucket{le="+Inf",verb="RETR"} 4\n')
    expect(text).toContain('test_seconds_sum{verb="RETR"} 100.0034\n')
    expect(text).toContain('test_seconds_count{verb="RETR"} 4\n')
    expect(text.match(/_bucket/g)).toHaveLength(durationBounds.length + 1)
  })
})
