#!/usr/bin/env node
// Writes docs/configuration.md from the schema of the built package; with --check only says whether it is current.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describedTables, exampleConfig } from '../dist/config.js'
import { fixedKeys } from '../dist/service.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'docs/configuration.md')
const fixed = new Set(fixedKeys.map(({ key }) => key))

const introduction = `# Configuration

<!-- Made by scripts/configuration-docs.js from src/config/schema.ts; change that, then run \`npm run docs\`. -->

Poplar reads one TOML file: the one named by \`--config\`, else \`poplar.toml\` in the working directory. Without a file, and for
every key that a file leaves out, the defaults below hold. \`poplar config example\` prints a file with every key,
\`poplar config check\` names every mistake in one, with its line, and \`poplar config print\` shows what it comes to.

Sizes are written \`"50MiB"\` (B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of 1000) or as a number of octets; durations
\`"10m"\` (ms, s, m, h, d). An unknown key is a mistake, so that a mistyped one cannot be overlooked.

\`SIGHUP\` makes a running server read the file again. A file with mistakes changes nothing; they are logged. Keys marked
*restart* are fixed when the server starts: when one of them differs, the log names it.
`

/** @param {string} text */
const cell = text => text.replaceAll('|', '\\|')

/** @param {import('../dist/config/example.js').DescribedKey['byDefault']} byDefault */
const defaultOf = byDefault =>
  'value' in byDefault ? `\`${JSON.stringify(byDefault.value)}\`` : byDefault.inWords

/** @param {import('../dist/config/example.js').DescribedTable} table */
function section({ name: table, isList, keys }) {
  const rows = keys.map(({ name, takes, byDefault, description }) => {
    const isFixed = table ? fixed.has(table) || fixed.has(`${table}.${name}`) : fixed.has(name)
    const restart = isFixed ? ' *restart*' : ''
    return `| \`${name}\`${restart} | ${cell(defaultOf(byDefault))} | ${cell(description)} | ${cell(takes)} |`
  })
  const header = isList ? `[[${table}]]` : `[${table}]`
  const title = table ? `## \`${header}\`` : '## Before the first table'
  return `${title}\n\n| key | default | meaning | takes |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

const example = `## All of it\n\n\`\`\`toml\n${exampleConfig()}\`\`\`\n`
const text = [introduction, ...describedTables().map(section), example].join('\n')

if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/configuration.md is not current: run `npm run docs`')
  process.exitCode = 1
}
