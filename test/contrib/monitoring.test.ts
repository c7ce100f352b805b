// The dashboard and the alerts ask for what there is: every metric and label of theirs is in docs/metrics.md, which
// test/metrics holds to what an office tells; and every metric of Poplar's own is on the dashboard.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { itWith, runProgram } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const alerts = join(root, 'contrib/prometheus/alerts.yml')

/** Name -> labels, and `le` of a histogram. */
const documented = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `((?:poplar|process|nodejs)_\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
    ([, name = '', type, labels = '']) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).concat(type === 'histogram' ? ['le'] : []),
    ],
  ),
)
/** What Prometheus adds to every sample. */
const ofTheTarget = ['instance', 'job']

interface Panel {
  readonly targets?: readonly { readonly expr: string }[]
}

const dashboard = JSON.parse(read('contrib/grafana/poplar.json')) as { readonly panels: readonly Panel[] }
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
const rules = [...read('contrib/prometheus/alerts.yml').matchAll(/expr: (?:\|\n((?: {10}.*\n)+)|(.*))/g)].map(
  ([, block, line]) => block ?? line ?? '',
)

function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/\b(?:poplar|process|nodejs)_\w+/g)].map(([name]) => {
    const family = name.replace(/_(?:bucket|sum|count)$/, '')
    return documented.has(name) ? name : family
  })
}

/** In selectors and in `by (...)`. */
function labelsIn(expression: string): string[] {
  const selected = [...expression.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label)
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/))
  return [...new Set([...selected, ...grouped])]
}

describe.each([
  ['the dashboard', queries, 30],
  ['the alerts', rules, 11],
] as const)('%s', (_name, expressions, least) => {
  it('asks for metrics and labels that there are', () => {
    expect(expressions.length).toBeGreaterThanOrEqual(least)
    for (const expression of expressions) {
      const names = metricsIn(expression)
      for (const name of names) expect(documented.has(name), `${name} in ${expression}`).toBe(true)
      const known = [...ofTheTarget, ...names.flatMap(name => documented.get(name) ?? [])]
      for (const label of labelsIn(expression)) expect(known, `${label} in ${expression}`).toContain(label)
    }
  })
})

it('every metric of Poplar is on the dashboard', () => {
  const shown = new Set(queries.flatMap(metricsIn))
  const missing = [...documented.keys()].filter(name => name.startsWith('poplar_') && !shown.has(name))
  expect(missing).toEqual([])
})

describe('the rules', () => {
  itWith('promtool', 'are rules', async () => {
    const { code, stderr } = await runProgram('promtool', ['check', 'rules', alerts])
    expect(code, stderr).toBe(0)
  })

  itWith('promtool', 'fire when they should, and not before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'poplar-alerts-'))
    try {
      const tests = join(folder, 'tests.yml')
      writeFileSync(tests, JSON.stringify({ rule_files: [alerts], tests: cases }))
      const { code, stdout, stderr } = await runProgram('promtool', ['test', 'rules', tests])
      expect(code, `${stdout.toString()}${stderr}`).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

interface Series {
  readonly series: string
  readonly values: string
}

/** Whether an alert fires after two hours of these series. */
function alertCase(alertname: string, fires: boolean, series: readonly Series[]) {
  return {
    interval: '1m',
    input_series: series,
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
        eval_time: '2h',
        exp_samples: [{ labels: '{}', value: fires ? 1 : 0 }],
      },
    ],
  }
}

const logins = (outcome: string, values: string): Series => ({
  series: `poplar_logins_total{instance="a",protocol="pop3",mechanism="PASS",outcome="${outcome}"}`,
  values,
})

const cases = [
  alertCase('PoplarDown', true, [{ series: 'up{job="poplar",instance="a"}', values: '0x120' }]),
  alertCase('PoplarDown', false, [{ series: 'up{job="poplar",instance="a"}', values: '1x120' }]),
  // Times begin at 1970: 6 days, and 8 days, from there.
  alertCase('PoplarCertificateExpires', true, [
    { series: 'poplar_certificate_expiry_timestamp_seconds{instance="a",name="x"}', values: '518400x120' },
  ]),
  alertCase('PoplarCertificateExpires', false, [
    { series: 'poplar_certificate_expiry_timestamp_seconds{instance="a",name="x"}', values: '700000x120' },
  ]),
  // Per minute: 600 failures beside 30 logins; 600 beside 600.
  alertCase('PoplarLoginsRefused', true, [logins('refused', '0+600x120'), logins('accepted', '0+30x120')]),
  alertCase('PoplarLoginsRefused', false, [logins('refused', '0+600x120'), logins('accepted', '0+600x120')]),
  alertCase('PoplarSlowCommits', true, [
    { series: 'poplar_store_commit_duration_seconds_bucket{instance="a",le="0.5"}', values: '0+90x120' },
    { series: 'poplar_store_commit_duration_seconds_bucket{instance="a",le="1"}', values: '0+100x120' },
    { series: 'poplar_store_commit_duration_seconds_bucket{instance="a",le="+Inf"}', values: '0+100x120' },
  ]),
]
