// A run as one page that stands by itself: no script, nothing from elsewhere, light or dark as the reader has it.
import { markup } from './markup.ts'
import {
  casesOf,
  count,
  type Report,
  type ReportedCase,
  type ReportedSection,
  severities,
  summaryOf,
  targetOf,
} from './report.ts'

const style = `
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --bad: #c0262d; --mild: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #ff7b72; --mild: #d4a72c; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
code, pre { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; border: 1px solid var(--line); padding: .6rem; max-height: 30rem; overflow: auto; }
summary { cursor: pointer; }
.pass { color: var(--good); } .fail.must { color: var(--bad); font-weight: 600; }
.fail { color: var(--mild); } .skip { opacity: .65; }
`

export function htmlOf(report: Report): string {
  const { server, seed, sections } = report
  const target = markup(targetOf(server))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>poplar check: ${target}</title>
<style>${style}</style>
</head>
<body>
<h1>${target}</h1>
<p>${markup(summaryOf(report))}. Seed <code>${markup(seed)}</code>, ${(report.tookMs / 1000).toFixed(1)} s.</p>
${factsOf(report)}
${overview(sections)}
${failures(casesOf(report))}
${sections.map(sectionOf).join('\n')}
</body>
</html>
`
}

function factsOf({ server }: Report): string {
  const { greeting, implementation, capabilities } = server
  const rows = [
    ['Greeting', greeting],
    ['Calls itself', implementation],
    ['Announces', capabilities.join(', ')],
  ].filter((row): row is [string, string] => Boolean(row[1]))
  if (rows.length === 0) return ''
  const lines = rows.map(([name, text]) => `<tr><th>${name}<td><code>${markup(text)}</code>`)
  return `<table>${lines.join('\n')}</table>`
}

function overview(sections: readonly ReportedSection[]): string {
  const heads = ['section', ...severities, 'skipped'].map(text => `<th>${text}`).join('')
  const rows = sections.map(({ name, title, cases }) => {
    const cells = severities.map(severity => {
      const [passed, failed] = [count(cases, 'pass', severity), count(cases, 'fail', severity)]
      if (passed + failed === 0) return '<td>'
      return `<td class="${failed > 0 ? `fail ${severity}` : 'pass'}">${passed} of ${passed + failed}`
    })
    const link = `<a href="#${markup(name)}">${markup(title)}</a>`
    return `<tr><td>${link}${cells.join('')}<td class="skip">${count(cases, 'skip') || ''}`
  })
  return `<table><tr>${heads}\n${rows.join('\n')}</table>`
}

function failures(cases: readonly ReportedCase[]): string {
  const failed = severities.flatMap(severity =>
    cases.filter(each => each.outcome === 'fail' && each.severity === severity),
  )
  if (failed.length === 0) return ''
  return `<h2>Failed</h2>\n${failed.map(failureOf).join('\n')}`
}

function failureOf({ id, title, severity, rfc, reason, cost, transcript }: ReportedCase): string {
  const details = transcript
    ? `<details><summary>transcript</summary><pre>${markup(transcript)}</pre></details>`
    : ''
  return (
    `<h3 class="fail ${severity}">${severity}: ${markup(title)}</h3>\n` +
    `<p><code>${markup(id)}</code>, ${markup(rfc)}. ${markup(reason)}</p>\n<p>Cost: ${markup(cost)}</p>\n${details}`
  )
}

function sectionOf({ name, title, cases }: ReportedSection): string {
  const rows = cases.map(({ id, title: text, severity, outcome, reason }) => {
    const why = reason === '' ? '' : `<br>${markup(reason)}`
    return (
      `<tr><td class="${outcome} ${severity}">${outcome}<td>${severity}` +
      `<td><code>${markup(id)}</code><td>${markup(text)}${why}`
    )
  })
  return `<details id="${markup(name)}"><summary>${markup(title)} (${cases.length})</summary>\n<table>${rows.join('\n')}</table></details>`
}
