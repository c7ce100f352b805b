// The door `poplar-mail/pop3/client`, as built: what its users rely on works as it is written there, it needs nothing but Node,
// and it stays small.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import ts from 'typescript'
import { afterEach, describe, expect, it } from 'vitest'
import type * as Client from '../../../src/pop3/client/index.ts'
import { type Office, openOffice, password as secret } from '../office.ts'

const offices: Office[] = []
afterEach(async () => {
  for (const office of offices.splice(0)) await office.stop()
})

const self = createRequire(import.meta.url).resolve('poplar-mail/pop3/client')

/** A file of the door: what it imports at once, and what only when that is needed. */
interface Part {
  readonly code: string
  readonly imports: readonly string[]
  readonly lazyImports: readonly string[]
}

function partOf(file: string): Part {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true },
  })
  const lazyImports = [...outputText.matchAll(/\bimport\(\s*'([^']+)'/g)].map(([, name = '']) => name)
  const all = ts.preProcessFile(outputText).importedFiles.map(({ fileName }) => fileName)
  return { code: outputText, imports: all.filter(name => !lazyImports.includes(name)), lazyImports }
}

/** All files that the door leads to, by path. */
function partsBehind(file: string, follows: (part: Part) => readonly string[]): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>()
  const visit = (path: string) => {
    if (parts.has(path)) return
    const part = partOf(path)
    parts.set(path, part)
    for (const name of follows(part)) if (name.startsWith('.')) visit(resolve(dirname(path), name))
  }
  visit(file)
  return parts
}

describe('the door', () => {
  it('imports nothing but Node', () => {
    const parts = partsBehind(self, ({ imports, lazyImports }) => [...imports, ...lazyImports])
    const names = [...parts.values()].flatMap(({ imports, lazyImports }) => [...imports, ...lazyImports])
    expect(names.filter(name => !/^(?:node:|\.)/.test(name))).toEqual([])
    // A walk that sees nothing would find nothing.
    expect(names).toContain('node:crypto')
    expect([...parts.keys()].some(path => path.endsWith('scram-client.js'))).toBe(true)
  })

  it('is less than 60 kB when it is loaded, bundled and not minified', async () => {
    const bundle = await rolldown({ input: self, platform: 'node' })
    const { output } = await bundle.generate({ format: 'esm', minify: false, comments: false })
    await bundle.close()
    const chunks = new Map(
      output.flatMap(part => (part.type === 'chunk' ? [[part.fileName, part] as const] : [])),
    )
    const loaded = new Set<string>()
    const load = (name: string) => {
      if (loaded.has(name) || !chunks.has(name)) return
      loaded.add(name)
      for (const other of chunks.get(name)?.imports ?? []) load(other)
    }
    for (const { isEntry, fileName } of chunks.values()) if (isEntry) load(fileName)
    const octetsOf = (names: Iterable<string>) =>
      [...names].reduce((sum, name) => sum + Buffer.byteLength(chunks.get(name)?.code ?? ''), 0)
    expect(octetsOf(loaded)).toBeGreaterThan(40_000)
    expect(octetsOf(loaded)).toBeLessThan(60_000)
    // All mechanisms and proxies, which are loaded one by one as they are needed.
    expect(octetsOf(chunks.keys())).toBeLessThan(90_000)
  })

  it('does what its users rely on', async () => {
    const office = await openOffice({ messages: ['Subject: 1\n\n.one\n', 'Subject: 2\n\ntwo\n'] })
    offices.push(office)
    const { connect, password, oauth2, Pop3Error } = (await import(self)) as typeof Client
    expect(oauth2('alice', 'token').user).toBe('alice')
    const options: Client.ConnectOptions = {
      host: '127.0.0.1',
      port: office.port,
      tls: 'none',
      allowCleartextAuth: true,
      auth: password('alice', secret),
      timeouts: { connect: 5_000, greeting: 5_000, command: 5_000, stall: 5_000 },
    }
    const session = await connect(options)
    const texts: string[] = []
    for await (const message of session.retrieve(await session.listing())) {
      const chunks: Uint8Array[] = []
      for await (const chunk of message.body) chunks.push(chunk)
      texts.push(Buffer.concat(chunks).toString())
      message.markDeleted()
      await message[Symbol.asyncDispose]()
    }
    expect(texts).toEqual(['Subject: 1\r\n\r\n.one\r\n', 'Subject: 2\r\n\r\ntwo\r\n'])
    expect(await session.commit()).toEqual({ deleted: 2, refused: [], state: 'committed' })
    expect(await session.closed).toBeUndefined()
    await session[Symbol.asyncDispose]()
    await expect(connect({ ...options, auth: password('alice', 'wrong') })).rejects.toBeInstanceOf(Pop3Error)
  })
})
