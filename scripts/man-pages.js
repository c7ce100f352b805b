#!/usr/bin/env node
// Writes man/ from the built table of commands and the schema of the configuration: poplar(1), a page for each command, and
// poplar.toml(5). With --check only says whether they are current.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandsFor } from '../dist/cli/commands.js'
import { buildProgram } from '../dist/cli/program.js'
import { describedTables } from '../dist/config.js'
import { packageVersion } from '../dist/version.js'

/** @typedef {import('commander').Command} Command */

const folder = fileURLToPath(new URL('../man', import.meta.url))

/** Text as roff takes it: no escape, no request at the beginning of a line. @param {string} text */
const roff = text =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map(line => (/^[.']/.test(line) ? `\\&${line}` : line))
    .join('\n')

/** With what stands between backquotes in bold. @param {string} text */
const prose = text => roff(text).replace(/`([^`]*)`/g, '\\fB$1\\fR')

/** @param {string} title @param {number} section @param {string} summary */
const head = (title, section, summary) =>
  `.\\" Made by scripts/man-pages.js.\n.TH ${title.toUpperCase()} ${section} "" "Poplar ${packageVersion()}" "Poplar"\n` +
  `.SH NAME\n${roff(title)} \\- ${prose(summary)}\n`

/** @param {string} name @param {string} text */
const section = (name, text) => (text === '' ? '' : `.SH ${name}\n${text}`)

/** @param {string} term @param {string} text */
const item = (term, text) => `.TP\n\\fB${roff(term)}\\fR\n${prose(text)}\n`

/** What a command is called, from the program on. @param {Command} command */
function wordsOf(command) {
  const words = []
  for (let each = /** @type {Command | null} */ (command); each; each = each.parent)
    words.unshift(each.name())
  return words.join(' ')
}

/**
 * Help that was added behind that of the library: notes, in paragraphs, and examples.
 * @param {Command} command
 */
function addedHelp(command) {
  let text = ''
  const write = (/** @type {string} */ more) => {
    text += more
  }
  command.configureOutput({ writeOut: write, writeErr: write })
  command.outputHelp()
  const own = command.helpInformation()
  const added = text.slice(text.indexOf(own) + own.length)
  const [before = '', ...behind] = added.split(/^Examples:\n/m)
  const lines = behind.join('').split('\n')
  const isExample = (/** @type {string} */ line) => line.startsWith('  ')
  const notes = [before, ...lines.filter(line => !isExample(line))].join('\n')
  return {
    notes: notes
      .trim()
      .split(/\n{2,}/)
      .filter(note => note !== ''),
    examples: lines.filter(isExample).map(line => line.slice(2)),
  }
}

/** @param {Command} command */
function optionsOf(command) {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .map(option => item(help.optionTerm(option), help.optionDescription(option)))
    .join('')
}

/** @param {Command} command */
function argumentsOf(command) {
  const help = command.createHelp()
  return help
    .visibleArguments(command)
    .filter(({ description }) => description !== '')
    .map(argument => item(help.argumentTerm(argument), help.argumentDescription(argument)))
    .join('')
}

/** One page, subcommands included. @param {Command} command */
function commandPage(command) {
  // Some do something themselves and have subcommands.
  const isLeaf = command.commands.length === 0 || command.options.length > 0
  const leaves = isLeaf ? [command, ...command.commands] : command.commands
  const synopsis = leaves.map(leaf => `\\fB${roff(wordsOf(leaf))}\\fR ${roff(leaf.usage())}\n`).join('.br\n')
  const details = leaves.map(leaf => {
    const title = leaf === command ? '' : `.SS ${roff(wordsOf(leaf))}\n${prose(leaf.description())}\n`
    const notes = addedHelp(leaf).notes.map(note => `.PP\n${prose(note)}\n`)
    return `${title}${argumentsOf(leaf)}${optionsOf(leaf)}${notes.join('')}`
  })
  const examples = leaves.flatMap(leaf => addedHelp(leaf).examples)
  return (
    head(wordsOf(command).replaceAll(' ', '-'), 1, command.description()) +
    section('SYNOPSIS', synopsis) +
    section('DESCRIPTION', details.join('')) +
    section('EXAMPLES', examples.length === 0 ? '' : `.nf\n${roff(examples.join('\n'))}\n.fi\n`) +
    section('SEE ALSO', '\\fBpoplar\\fR(1), \\fBpoplar.toml\\fR(5)\n')
  )
}

/** @param {Command} program */
function programPage(program) {
  const list = program.commands.map(each => item(`poplar-${each.name()}(1)`, each.description())).join('')
  return (
    head('poplar', 1, program.description()) +
    section('SYNOPSIS', '\\fBpoplar\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n') +
    section('COMMANDS', list) +
    section('EXIT STATUS', '0 when all went well, 1 when something failed, 2 for wrong usage.\n') +
    section('SEE ALSO', '\\fBpoplar.toml\\fR(5)\n')
  )
}

function configurationPage() {
  const tables = describedTables().map(({ name, isList, keys }) => {
    const rows = keys.map(({ name: key, takes, byDefault, description }) => {
      const usual = 'value' in byDefault ? JSON.stringify(byDefault.value) : byDefault.inWords
      return item(key, `${description} Takes ${takes}. Default: ${usual}.`)
    })
    const header = isList ? `[[${name}]]` : `[${name}]`
    return `.SS ${name ? roff(header) : 'Before the first table'}\n${rows.join('')}`
  })
  return (
    head('poplar.toml', 5, 'the configuration of the Poplar mail office') +
    section(
      'DESCRIPTION',
      `A file in TOML, named by \\fB\\-\\-config\\fR or found in the working directory.\n`,
    ) +
    section('KEYS', tables.join('')) +
    section('SEE ALSO', '\\fBpoplar\\fR(1), \\fBpoplar\\-config\\fR(1)\n')
  )
}

const program = buildProgram(await commandsFor([]))
const pages = new Map([
  ['poplar.1', programPage(program)],
  ...program.commands.map(each => /** @type {const} */ ([`poplar-${each.name()}.1`, commandPage(each)])),
  ['poplar.toml.5', configurationPage()],
])

if (process.argv.includes('--check')) {
  const isCurrent =
    readdirSync(folder).length === pages.size &&
    [...pages].every(([file, text]) => readFileSync(join(folder, file), 'utf8') === text)
  if (!isCurrent) {
    console.error('man/ is not current: run `npm run docs`')
    process.exitCode = 1
  }
} else {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [file, text] of pages) writeFileSync(join(folder, file), text)
}
