// What all commands have alike: help, exit codes, one-line errors, quiet ends.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aliasCommand } from '../../src/cli/alias.ts'
import { appPasswordCommand } from '../../src/cli/app-password.ts'
import { commandsFor } from '../../src/cli/commands.ts'
import { configCommand } from '../../src/cli/config.ts'
import { locksCommand } from '../../src/cli/locks.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { userCommand } from '../../src/cli/user.ts'
import { cli, Workplace } from './workplace.ts'

let place: Workplace
beforeAll(() => {
  place = new Workplace()
})
afterAll(() => place.remove())

/** The commands that do something, each with its words. */
function leavesOf(command: Command, words: readonly string[] = []): { words: string; command: Command }[] {
  if (command.commands.length === 0) return [{ words: words.join(' '), command }]
  return command.commands.flatMap(child => leavesOf(child, [...words, child.name()]))
}

describe('help', () => {
  it('lists every command', async () => {
    const { code, stdout } = await place.run('--help')
    expect(code).toBe(0)
    for (const name of [
      'serve',
      'user',
      'app-password',
      'alias',
      'deliver',
      'import',
      'export',
      'undelete',
      'locks',
      'doctor',
      'config',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it('of a command has examples that begin with it', async () => {
    const { code, stdout } = await place.run('user add --help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: poplar user add /)
    expect(stdout).toMatch(/^ {2}\$ poplar user add ann$/m)
  })

  it.each(
    leavesOf(buildProgram([aliasCommand, appPasswordCommand, configCommand, locksCommand, userCommand])),
  )('and --config belong to $words', ({ command }) => {
    expect(command.options.map(({ long }) => long)).toContain('--config')
    expect(command.helpInformation()).toMatch(/--help/)
  })
})

describe('exit codes', () => {
  it.each([
    {
      why: 'no such command',
      args: 'sevre',
      code: 2,
      says: /unknown command 'sevre' \(Did you mean serve\?\)/,
    },
    { why: 'no such subcommand', args: 'user ad', code: 2, says: /unknown command 'ad'/ },
    {
      why: 'no such option',
      args: 'user list --jsn',
      code: 2,
      says: /unknown option '--jsn' \(Did you mean --json\?\)/,
    },
    { why: 'an option without its value', args: 'user list --config', code: 2, says: /argument missing/ },
    { why: 'too much', args: 'locks list ann', code: 2, says: /too many arguments/ },
    {
      why: 'no such file',
      args: 'user list --config none.toml',
      code: 1,
      says: /none\.toml: there is no such file/,
    },
  ])('$code in one line: $why', async ({ args, code, says }) => {
    const outcome = await place.run(args)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^poplar: [^\n]+\n$/)
    expect(outcome.stderr).toMatch(says)
  })

  it.each(['', 'user', 'locks'])('2 and the help where a command is missing: poplar %s', async args => {
    const outcome = await place.run(args)
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
    expect(outcome.stderr).toMatch(/^Usage: poplar/)
  })

  it('1 and every mistake of a configuration, one to a line', async () => {
    const file = join(place.folder, 'bad.toml')
    writeFileSync(file, 'hostnam = "x"\n[pop3]\nautologut = "1m"\n')
    const { code, stderr } = await place.run(`user list --config ${file}`)
    expect(code).toBe(1)
    expect(stderr).toBe(
      `poplar: ${file} line 1: unknown key \`hostnam\`; did you mean \`hostname\`?\n` +
        `${file} line 3: unknown key \`autologut\` in [pop3]; did you mean \`autologout\`?\n`,
    )
  })
})

describe('errors', () => {
  it('have a stack only when asked for', async () => {
    const plain = await place.run('user quota nobody 1')
    const debug = await place.run('user quota nobody 1', '', { POPLAR_DEBUG: '1' })
    expect(plain.stderr).not.toMatch(/^ +at /m)
    expect(debug.stderr).toMatch(/^ +at /m)
  })
})

describe('a closed standard output', () => {
  it('ends the command quietly', async () => {
    const child = spawn(process.execPath, [cli, 'config', 'example'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('config', () => {
  it('example is a configuration without mistakes', async () => {
    const { stdout } = await place.run('config example')
    const file = join(place.folder, 'example.toml')
    writeFileSync(file, stdout)
    expect(await place.run(`config check --config ${file}`)).toEqual({
      code: 0,
      stdout: `${file}: no mistakes\n`,
      stderr: '',
    })
  })

  it('check names mistakes', async () => {
    const file = join(place.folder, 'wrong.toml')
    writeFileSync(file, 'data = 1')
    expect(await place.run(`config check --config ${file}`)).toMatchObject({
      code: 1,
      stderr: `poplar: ${file} line 1: \`data\` must be the path of a folder; it is 1\n`,
    })
  })

  it('print shows what holds', async () => {
    const { stdout } = await place.run('config print')
    expect(JSON.parse(stdout)).toMatchObject({
      data: join(place.folder, 'poplar-data'),
      hostname: 'mail.test.example',
      smtp: { maxOctets: 52_428_800 },
    })
  })
})

it('loads the command that is named, none for the version, and all for help', {
  timeout: 60_000,
}, async () => {
  const loaded = async (...args: string[]) => (await commandsFor(['node', 'poplar', ...args])).length
  expect(await loaded('--version')).toBe(0)
  expect(await loaded('locks')).toBe(1)
  expect(await loaded('--help')).toBeGreaterThan(20)
})
