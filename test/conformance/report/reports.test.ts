// The reports of a run: the form of each, that nothing a server says breaks it, and what counts as a failure where.
import { describe, expect, it } from 'vitest'
import type { Severity, Verdict } from '../../../src/conformance/case.ts'
import { explanationOf } from '../../../src/conformance/report/explain.ts'
import { htmlOf } from '../../../src/conformance/report/html.ts'
import { jsonOf } from '../../../src/conformance/report/json.ts'
import { junitOf } from '../../../src/conformance/report/junit.ts'
import {
  hasFailedMust,
  type ReportedRun,
  reportOf,
  type ServerFacts,
} from '../../../src/conformance/report/report.ts'
import { tableOf } from '../../../src/conformance/report/table.ts'
import { tapOf } from '../../../src/conformance/report/tap.ts'

const server: ServerFacts = {
  protocol: 'pop3',
  host: '::1',
  port: 110,
  security: 'starttls',
  greeting: 'hello <script>alert(1)</script>\u001b[31m & secret',
  implementation: 'Bad]]>Server',
  capabilities: ['TOP', 'SASL PLAIN'],
}

const texts = { title: 'It holds <b>&', rfc: 'RFC 1939 section 5', cost: 'Mail is # lost.', steps: [] }

function ran(id: string, severity: Severity, outcome: Verdict, reason = ''): ReportedRun {
  const section = id.slice(0, id.indexOf('-'))
  return { run: { item: { id, ...texts }, outcome: { id, section, severity, outcome, reason }, tookMs: 12 } }
}

const hostile = 'it said "\u0000\u001b[2J</pre>]]>\r\n# SKIP\\ secret'

const runs = [
  ran('two-skip', 'must', 'skip', 'the server has no TOP'),
  ran('one-pass', 'must', 'pass'),
  { ...ran('one-fail', 'must', 'fail', hostile), transcriptFile: '/tmp/one-fail.txt', transcript: '> A & B' },
  ran('one-should', 'should', 'fail', 'it does not'),
  ran('one-quirk', 'quirk', 'fail', 'it differs'),
]

function report(chosen: readonly ReportedRun[] = runs) {
  const ids = chosen.map(({ run }) => run.item)
  const cases = (section: string) => ids.filter(({ id }) => id.startsWith(section))
  const sections = ['one', 'two', 'none'].map(name => ({
    name,
    title: `About ${name} <i>`,
    cases: cases(name),
  }))
  return reportOf({
    server,
    seed: 'x7',
    tookMs: 1234,
    sections,
    runs: chosen,
    hide: text => text.replaceAll('secret', '{password}'),
  })
}

const forms = { json: jsonOf, tap: tapOf, junit: junitOf, html: htmlOf, table: tableOf }

describe.each(Object.entries(forms))('%s', (_, format) => {
  const text = format(report())

  it('has neither secrets nor control characters', () => {
    expect(text).not.toMatch(/secret/)
    expect(text).not.toMatch(/[^\P{Cc}\n]/u)
  })

  it('names every failure', () => {
    for (const id of ['one-fail', 'one-should', 'one-quirk']) expect(text).toContain(id)
  })

  it('is the same in whatever order the cases ran', () => {
    const turned = report([...runs].sort((a, b) => (a.run.item.id < b.run.item.id ? 1 : -1)))
    const order = (of: string) => (of.match(/one-(?:pass|fail|should|quirk)|two-skip/g) ?? []).sort()
    expect(order(format(turned))).toEqual(order(text))
  })
})

it('JSON has these keys and no others', () => {
  expect(JSON.parse(jsonOf(report()))).toEqual({
    server: {
      ...server,
      greeting: 'hello <script>alert(1)</script>?[31m & {password}',
    },
    seed: 'x7',
    cases: [
      { id: 'one-pass', section: 'one', severity: 'must', outcome: 'pass', reason: '' },
      {
        id: 'one-fail',
        section: 'one',
        severity: 'must',
        outcome: 'fail',
        reason: 'it said "??[2J</pre>]]> # SKIP\\ {password}',
      },
      { id: 'one-should', section: 'one', severity: 'should', outcome: 'fail', reason: 'it does not' },
      { id: 'one-quirk', section: 'one', severity: 'quirk', outcome: 'fail', reason: 'it differs' },
      { id: 'two-skip', section: 'two', severity: 'must', outcome: 'skip', reason: 'the server has no TOP' },
    ],
  })
})

it('TAP marks what does not count', () => {
  const lines = tapOf(report()).split('\n')
  expect(lines.slice(0, 3)).toEqual(['TAP version 14', '# pop3://[::1]:110 with STARTTLS, seed x7', '1..5'])
  expect(lines.filter(line => /^(?:not )?ok/.test(line))).toEqual([
    'ok 1 - one one-pass: It holds <b>&',
    'not ok 2 - one one-fail: It holds <b>&',
    'not ok 3 - one one-should: It holds <b>& # TODO should',
    'not ok 4 - one one-quirk: It holds <b>& # TODO quirk',
    'ok 5 - two two-skip: It holds <b>& # SKIP the server has no TOP',
  ])
  expect(tapOf(report())).toContain('  reason: "it said \\"??[2J</pre>]]> # SKIP\\\\ {password}"\n')
})

it('JUnit counts failed musts as failures, the rest as skipped', () => {
  const text = junitOf(report())
  expect(text).toMatch(
    /^<\?xml [^\n]+\n<testsuites name="[^"]+" tests="5" failures="1" errors="0" skipped="3" /,
  )
  expect(text.match(/<failure /g)).toHaveLength(1)
  expect(text).toContain('message="should, failed: it does not"')
  // Tags open and close, and there is no other markup than ours.
  const tags = [...text.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)]
  const open: string[] = []
  for (const [, isEnd, name = '', isEmpty] of tags) {
    if (isEnd) expect(open.pop()).toBe(name)
    else if (!isEmpty) open.push(name)
  }
  expect(open).toEqual([])
  expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/)
})

it('HTML stands by itself, and nothing in it runs', () => {
  const text = htmlOf(report())
  expect(text).not.toMatch(/<script|<b>|<i>|javascript:|\bsrc=|<link|@import|url\(/i)
  expect(text).toContain('&lt;script&gt;')
  expect(text).toContain("default-src 'none'")
  expect(text).toContain('<pre>&gt; A &amp; B</pre>')
  expect([...text.matchAll(/href="([^"]+)"/g)].every(([, href]) => href?.startsWith('#'))).toBe(true)
})

describe('the table', () => {
  it('tells must, should and quirk apart, with what each failure costs', () => {
    expect(tableOf(report())).toBe(`SECTION  MUST      SHOULD    QUIRK     SKIPPED
one      1 of 2 !  0 of 1 !  0 of 1 !  -
two      -         -         -         1

Failed (must):
  one-fail: It holds <b>& (RFC 1939 section 5)
    it said "??[2J</pre>]]> # SKIP\\ {password}
    Cost: Mail is # lost.
    Transcript: /tmp/one-fail.txt

Failed, recommended only (should):
  one-should: It holds <b>& (RFC 1939 section 5)
    it does not
    Cost: Mail is # lost.

Differs from most servers (quirk):
  one-quirk: It holds <b>& (RFC 1939 section 5)
    it differs
    Cost: Mail is # lost.

Skipped:
  two-skip: the server has no TOP

must: 1 passed, 1 failed; should: 0 passed, 1 failed; quirk: 0 passed, 1 failed; 1 skipped
pop3://[::1]:110 with STARTTLS, seed x7, 1.2 s
`)
  })

  it('counts skips by their reason when they are many', () => {
    const many = Array.from({ length: 20 }, (_, at) =>
      ran(`one-${at}`, 'must', 'skip', at < 15 ? 'no TOP' : 'no UIDL'),
    )
    expect(tableOf(report(many))).toContain('Skipped:\n    15  no TOP\n     5  no UIDL\n')
  })
})

it.each([
  { failed: 'must' as const, is: true },
  { failed: 'should' as const, is: false },
  { failed: 'quirk' as const, is: false },
])('a failed $failed is a failure of the run: $is', ({ failed, is }) => {
  expect(hasFailedMust(report([ran('one-a', failed, 'fail', 'x')]))).toBe(is)
})

it('a case is explained step by step', () => {
  const text = explanationOf(
    {
      id: 'one-pass',
      ...texts,
      severity: 'must',
      needs: ['top'],
      mail: ['plain', 'dots'],
      changesMail: true,
      limitMs: 500,
      steps: [{ explain: 'send `A`\nsend `B`' }, { explain: '' }, { explain: 'expect `C`' }],
    },
    { section: 'one', about: name => (name === 'dots' ? 'lines of dots' : undefined) },
  )
  expect(text).toBe(`one-pass: It holds <b>&
  section: one
  severity: must
  rfc: RFC 1939 section 5
  cost: Mail is # lost.
  needs: top
  changes the mail in the maildrop
  may take 0.5 s
  message 1: plain
  message 2: dots, lines of dots
   1. send \`A\`
   2. send \`B\`
   3. expect \`C\`
`)
})
