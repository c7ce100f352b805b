// docs/pop3-client.md: its example runs as it is written, but for the address; its table of errors is that of the code.
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
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import {
  type CommitOutcome,
  connect,
  type Listing,
  type Message,
  type MessageRef,
  Pop3Error,
  type Pop3ErrorCode,
  type Session,
} from '../../../src/pop3/client/index.ts'
import { runProgram } from '../../e2e/program.ts'
import { openOffice, password } from '../office.ts'

const root = resolve(import.meta.dirname, '../../..')
const guide = readFileSync(join(root, 'docs/pop3-client.md'), 'utf8')

describe('docs/pop3-client.md', () => {
  it('has an example that runs', async () => {
    const office = await openOffice({ messages: ['Subject: 1\n\n.one\n', 'Subject: 2\n\ntwo\n'] })
    onTestFinished(() => office.stop())
    const folder = mkdtempSync(join(tmpdir(), 'poplar-guide-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/poplar-mail'))
    const example = /```ts\n([^]*?)```/.exec(guide)?.[1] ?? ''
    const here = `host: '127.0.0.1', port: ${office.port}, tls: 'none', allowCleartextAuth: true,`
    const source = example
      .replace("host: 'pop.example.net',", here)
      .replace("password('ann', 'sesame')", `password('alice', '${password}')`)
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    })
    writeFileSync(join(folder, 'example.mjs'), outputText)
    const { stdout } = await runProgram(process.execPath, ['example.mjs'], { cwd: folder })
    expect(stdout.toString()).toBe('2 taken away, committed\n')
    expect(readdirSync(folder).filter(name => name.endsWith('.eml'))).toEqual(['1.eml', '2.eml'])
    expect(readFileSync(join(folder, '1.eml'), 'latin1')).toBe('Subject: 1\r\n\r\n.one\r\n')
    expect(await office.summary()).toMatchObject({ deleted: 2 })
  })

  it('has the errors that there are', () => {
    const rows = [...guide.matchAll(/^\| `([a-z0-9-]+)` \| (now|later|never) \|/gm)]
    const source = readFileSync(join(root, 'src/pop3/client/errors.ts'), 'utf8')
    const codes = [...source.matchAll(/^ {2}\| '([a-z0-9-]+)'/gm)].map(([, code]) => code)
    expect(rows.map(([, code]) => code)).toEqual(codes)
    for (const [, code, retry] of rows)
      expect(new Pop3Error(code as Pop3ErrorCode, '', { phase: 'login' }).retry, code).toBe(retry)
  })
})

describe('the types', () => {
  it('are what programs are written against', () => {
    expectTypeOf(connect).returns.resolves.toEqualTypeOf<Session>()
    expectTypeOf<Session['listing']>().returns.resolves.toEqualTypeOf<Listing>()
    expectTypeOf<Session['retrieve']>().returns.toEqualTypeOf<AsyncGenerator<Message, void>>()
    expectTypeOf<Session['commit']>().returns.resolves.toEqualTypeOf<CommitOutcome>()
    expectTypeOf<Session>().toExtend<AsyncDisposable>()
    expectTypeOf<Message>().toExtend<AsyncDisposable>()
    expectTypeOf<Listing>().toExtend<readonly MessageRef[]>()
    expectTypeOf<Message['body']>().toExtend<AsyncIterable<Uint8Array>>()
    expectTypeOf<Session['closed']>().resolves.toEqualTypeOf<Pop3Error | undefined>()
  })
})
