// The examples of docs/testing.md and examples/testing/, run as their reader would run them: compiled, in a folder of its own
// where `poplar-mail` is installed.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fault, type FaultVerbs, faults } from '../../src/testing/chaos/faults.ts'
import { runOrFail } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')
const examples = join(root, 'examples/testing')
const text = readFileSync(join(root, 'docs/testing.md'), 'utf8')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-testing-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/poplar-mail'))
  for (const name of ['nodemailer', 'vitest'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  for (const name of readdirSync(examples).filter(each => each.endsWith('.ts')))
    compile(name, readFileSync(join(examples, name), 'utf8'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function compile(name: string, source: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }
  const { outputText } = ts.transpileModule(source, { compilerOptions })
  const file = name.replace(/\.ts$/, '.js')
  writeFileSync(join(folder, file), outputText)
  return file
}

const run = async (...args: readonly string[]) =>
  (await runOrFail(process.execPath, args, { cwd: folder })).toString()

describe('docs/testing.md', () => {
  it('shows programs that run, and end by themselves', async () => {
    const programs = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, source], nth) =>
      compile(`document-${nth}.ts`, source ?? ''),
    )
    expect(programs.length).toBeGreaterThanOrEqual(4)
    await Promise.all(programs.map(program => run(program)))
  })

  it('has a row for every fault, with the commands it is made at', () => {
    const rows = [
      ...text.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|.*\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm),
    ].flatMap(([, names = '', ...at]) => names.split(', ').map(name => [name.slice(1, -1), ...at]))
    const told = (verbs: FaultVerbs | undefined) =>
      verbs === 'every' ? 'every command' : (verbs?.join(', ') ?? '')
    const known = Object.entries(faults).map(([name, { pop3, smtp, lmtp }]: [string, Fault<never>]) => [
      name,
      told(pop3),
      told(smtp),
      told(lmtp),
    ])
    expect(rows).toEqual(known)
  })
})

describe('examples/testing', () => {
  it('passes with node:test', async () => {
    expect(await run('--test', '--test-reporter=tap', 'fetching.node-test.js')).toMatch(
      /^# pass 6\n# fail 0$/m,
    )
  })

  it('passes with Vitest', async () => {
    const args = ['run', '--root', folder, '--config', 'none.js', '--reporter=tap-flat', 'sign-up']
    writeFileSync(join(folder, 'none.js'), "export default { test: { include: ['*.vitest.js'] } }\n")
    expect(await run(join(root, 'node_modules/vitest/vitest.mjs'), ...args)).toMatch(
      /^1\.\.3\nok 1 [^]*ok 2 [^]*ok 3 /m,
    )
  })
})
