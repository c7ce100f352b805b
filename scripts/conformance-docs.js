#!/usr/bin/env node
// Writes docs/conformance/README.md and its page per section from the cases of the last build; with --check only says whether
// they are current. Pages of other names in that folder (the peers') are left alone.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suites } from '../dist/cli/check/suites.js'
import { stepsOf } from '../dist/conformance/report/explain.js'
import { severities } from '../dist/conformance/report/report.js'

/** @typedef {import('../dist/cli/check/suites.js').SuiteKind} SuiteKind */
/** @typedef {SuiteKind['sections'][number]} Section */

const folder = fileURLToPath(new URL('../docs/conformance', import.meta.url))
const mark = '<!-- made by scripts/conformance-docs.js -->'

const index = 'README.md'

const titles = { pop3: 'POP3', smtp: 'SMTP', lmtp: 'LMTP' }

/** A text amid Markdown; what stands between backquotes is code already. @param {string} text */
const prose = text =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[\\*_<>#|[\]]/g, character => `\\${character}`)))
    .join('')

/** In a cell of a table. @param {string} text */
const cell = text => prose(text).replace(/(?<!\\)\|/g, '\\|')

/** @param {readonly { severity: string }[]} cases */
const numbersOf = cases =>
  severities.map(severity => cases.filter(each => each.severity === severity).length || '')

/** @param {Section['cases'][number]} item @param {SuiteKind} kind */
function caseOf(item, kind) {
  const { id, title, severity, rfc, cost, needs = [], mail = [], changesMail } = item
  const facts = [`*${severity}*, ${rfc}. ${prose(cost)}`]
  if (needs.length > 0) facts.push(`Needs: ${needs.join(', ')}.`)
  if (mail === 'any') facts.push('Mail: any message.')
  else if (mail.length > 0)
    facts.push(`Mail: ${mail.map(name => `\`${name}\` (${prose(kind.about(name) ?? '')})`).join(', ')}.`)
  if (changesMail) facts.push('It changes the maildrop.')
  const steps = stepsOf(item).map((text, at) => `${at + 1}. ${prose(text)}`)
  return `## ${id}\n\n${prose(title)}.\n\n${facts.join(' ')}\n\n${steps.join('\n')}\n`
}

/** @param {Section} section @param {SuiteKind} kind */
function pageOf({ title, about, cases }, kind) {
  const rows = cases.map(
    ({ id, severity, title: text }) => `| [${id}](#${id}) | ${severity} | ${cell(text)} |`,
  )
  return [
    mark,
    `# ${prose(title)}`,
    '',
    prose(about),
    '',
    '| case | | what holds |',
    '|---|---|---|',
    ...rows,
    '',
    ...cases.map(item => caseOf(item, kind)),
  ].join('\n')
}

/** Suites that share a section list it once. */
function listed() {
  const pages = new Map()
  for (const [protocol, kind] of Object.entries(suites))
    for (const section of kind.sections)
      pages.set(section.name, {
        kind,
        section,
        protocols: [...(pages.get(section.name)?.protocols ?? []), protocol],
      })
  return pages
}

const intro = `# The conformance suite

\`poplar check\` looks at any server, ours or another, and says case by case whether it keeps to the RFCs:

\`\`\`sh
poplar check pop3://localhost:1110 --user ann --deliver lmtp://localhost:1024
\`\`\`

It asks for the password (or takes it with \`--password-stdin\`), and uses the maildrop of that user: an account for tests.
Mail that is not of the suite is never deleted unless \`--destructive\` allows it. Without \`--deliver\` it has no mail to look
at and skips the cases that need some; what a server does not have is skipped by name. \`--slow\` adds what takes minutes,
\`--huge\` a message of a gigabyte.

- **must**: an RFC demands it, or mail is lost, or a secret leaks. One that fails makes the exit code 1.
- **should**: recommended, or what every client expects.
- **quirk**: servers differ, and it is worth knowing how this one does.

The exit code is 2 when the server could not be checked: no such host, no TLS, a wrong password, another protocol.
\`--json\`, \`--junit\` and \`--html\` write the results into files, \`--tap\` prints them; TAP and JUnit call a failed *should* or
*quirk* "to do" and "skipped", so that they agree with the exit code. What random choices come from is printed as the seed, and
\`--seed\` gives it again.

Each failure has a transcript: text, every octet of it, packet by packet, with \`{password}\` where the password was.
\`poplar check pop3://... --replay FILE\` plays it again and shows both conversations side by side; it exits with 0 when the
server answers as it did then. Lines that differ only in times, ids and timestamps are marked \`~\` and count as alike.
\`poplar check --explain CASE\` prints what is on these pages.
`

/** The results of other servers are made by hand-started runs. */
const peers = () =>
  existsSync(join(folder, 'peers.md')) ? '\nWhat other servers do: [peers.md](peers.md).\n' : ''

function pages() {
  const all = [...listed().values()]
  const rows = all.map(({ section, protocols }) => {
    const of = protocols.map((/** @type {keyof titles} */ name) => titles[name] ?? name).join(', ')
    return `| [${cell(section.title)}](${section.name}.md) | ${of} | ${numbersOf(section.cases).join(' | ')} |`
  })
  const every = all.flatMap(({ section }) => section.cases)
  const table = [
    `There are ${every.length} cases:`,
    '',
    `| section | | ${severities.join(' | ')} |`,
    '|---|---|---:|---:|---:|',
    ...rows,
    `| all | | ${numbersOf(every).join(' | ')} |`,
    '',
  ].join('\n')
  /** @type {Map<string, string>} */
  const made = new Map([[index, `${mark}\n${intro}${peers()}\n${table}`]])
  for (const { kind, section } of all) made.set(`${section.name}.md`, pageOf(section, kind))
  return made
}

/** Files of an earlier run. */
function made() {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter(
    file => file.endsWith('.md') && readFileSync(join(folder, file), 'utf8').startsWith(mark),
  )
}

const wanted = pages()
const stale = made().filter(file => !wanted.has(file))
if (process.argv.includes('--check')) {
  const isCurrent = [...wanted].every(([file, text]) => {
    const path = join(folder, file)
    return existsSync(path) && readFileSync(path, 'utf8') === text
  })
  if (!isCurrent || stale.length > 0) {
    console.error('docs/conformance/ is not current: run `npm run docs`')
    process.exitCode = 1
  }
} else {
  mkdirSync(folder, { recursive: true })
  for (const file of stale) rmSync(join(folder, file))
  for (const [file, text] of wanted) writeFileSync(join(folder, file), text)
}
