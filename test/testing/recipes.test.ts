// The recipes of examples/testing for Jest and Playwright, run as their reader would run them: compiled, in a folder of its own
// where `poplar-mail` and the test runner are installed.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itWith, runProgram } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')
const examples = join(root, 'examples/testing')
const require = createRequire(import.meta.url)
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-recipes-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const installed = join(folder, 'node_modules')
  mkdirSync(installed)
  symlinkSync(root, join(installed, 'poplar-mail'))
  for (const name of ['nodemailer', '@jest/globals', '@playwright/test']) {
    mkdirSync(dirname(join(installed, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(installed, name))
  }
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }
  for (const name of readdirSync(examples).filter(each => each.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(examples, name), 'utf8'), { compilerOptions })
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), outputText)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a runner says of its tests, which must all pass. Colours and what the outer test run set up are nothing to it. */
async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const quiet = { NO_COLOR: '1', NODE_OPTIONS: '', CI: '', ...env }
  const { code, stdout, stderr } = await runProgram(process.execPath, [program, ...args], {
    cwd: folder,
    env: quiet,
  })
  expect(code, `${stdout.toString()}\n${stderr}`).toBe(0)
  return `${stdout.toString()}\n${stderr}`
}

describe('examples/testing', () => {
  it('passes with Jest', { timeout: 60_000 }, async () => {
    const config = { testMatch: ['**/*.jest.js'], transform: {}, watchman: false, cache: false, haste: {} }
    writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config))
    const args = ['--config', 'jest.config.json', '--runInBand']
    expect(
      await run(require.resolve('jest/bin/jest'), args, { NODE_OPTIONS: '--experimental-vm-modules' }),
    ).toMatch(/^Tests: +4 passed, 4 total$/m)
  })

  itWith(
    'chromium',
    'passes with Playwright, in a browser',
    async () => {
      // Debian's browser: Playwright brings none along unless it is told to. Root has no sandbox.
      writeFileSync(
        join(folder, 'playwright.config.js'),
        `export default {
        testMatch: '*.playwright.js',
        workers: 1,
        timeout: 60_000,
        reporter: 'line',
        use: { launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] } },
      }\n`,
      )
      expect(await run(require.resolve('@playwright/test/cli'), ['test'])).toMatch(/\b2 passed\b/)
    },
    150_000,
  )
})
