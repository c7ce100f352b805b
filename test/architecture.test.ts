// The arrows of docs/architecture.md, held: which folder may import which, where sockets and databases live, and that no
// file takes part in an import cycle. Type imports count.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const src = resolve(import.meta.dirname, '../src')

/** Folder -> folders it may import besides itself. Files directly in src/ may import everything. */
const arrows: Record<string, readonly string[]> = {
  net: [],
  mail: [],
  auth: ['mail'],
  config: ['net', 'mail'],
  store: ['mail'],
  conformance: ['net'],
  control: ['net', 'mail'],
  metrics: ['net', 'mail'],
  tracing: ['net'],
  smtp: ['net', 'mail', 'auth', 'conformance'],
  pop2: ['net', 'mail', 'auth'],
  pop3: ['net', 'mail', 'auth', 'conformance'],
  testing: ['net', 'mail', 'auth', 'store', 'smtp', 'pop3', 'conformance'],
  cli: [
    'net',
    'mail',
    'auth',
    'store',
    'smtp',
    'pop2',
    'pop3',
    'conformance',
    'control',
    'metrics',
    'testing',
    '',
  ],
}

/** Inside a protocol folder. */
const innerArrows: Record<string, readonly string[]> = {
  wire: [],
  server: ['wire'],
  client: ['wire'],
  collector: ['wire', 'client'],
  conformance: ['wire', 'client'],
  probe: ['client'],
  intake: [],
}

/** External module -> the only places (path prefixes) that may import it. */
const homes: Record<string, readonly string[]> = {
  'node:net': ['net/', 'pop3/client/transport.ts', 'cli/'],
  'node:tls': ['net/', 'pop3/client/transport.ts'],
  'better-sqlite3': ['store/sql/'],
  kysely: ['store/sql/'],
  pg: ['store/sql/'],
  ldapts: ['store/directory/'],
  '@node-rs/argon2': ['auth/'],
  bcryptjs: ['auth/'],
  '@mongodb-js/saslprep': ['auth/'],
  jose: ['auth/tokens/'],
  'acme-client': ['net/acme/'],
  'smtp-server': ['smtp/'],
  'prom-client': ['metrics/'],
  '@opentelemetry/api': ['tracing/'],
  '@opentelemetry/exporter-trace-otlp-http': ['tracing/'],
  '@opentelemetry/resources': ['tracing/'],
  '@opentelemetry/sdk-trace-base': ['tracing/'],
  commander: ['cli.ts', 'cli/'],
  imapflow: ['pop3/collector/'],
  'openid-client': ['pop3/collector/oauth/'],
  'postal-mime': ['testing/', 'cli/get/'],
  'nodemailer/lib/mail-composer': ['testing/'],
  'nodemailer/lib/smtp-connection': ['pop3/collector/destinations/'],
}

interface Import {
  readonly from: string
  readonly to: string
  readonly local: boolean
}

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8')
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    const local = fileName.startsWith('.')
    const to = local ? relative(src, resolve(dirname(join(src, file)), fileName)) : fileName
    return { from: file, to, local }
  })
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
}

function forbidden({ from, to, local }: Import): string | undefined {
  if (!local) {
    const homesOfModule = homes[to]
    const atHome = !homesOfModule || homesOfModule.some(home => from.startsWith(home))
    return atHome ? undefined : `${from} may not import ${to}`
  }
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)]
  if (fromFolder === '') return undefined
  if (fromFolder !== toFolder) {
    return arrows[fromFolder]?.includes(toFolder) ? undefined : `${from} may not import ${to}`
  }
  const [fromPart, toPart] = [from.split('/')[1] ?? '', to.split('/')[1] ?? '']
  const inner = innerArrows[fromPart]
  if (!['pop2', 'pop3', 'smtp', 'imap'].includes(fromFolder) || !inner || fromPart === toPart)
    return undefined
  return inner.includes(toPart) ? undefined : `${from} may not import ${to}`
}

function cycles(imports: readonly Import[]): string[] {
  const graph = new Map<string, string[]>()
  for (const { from, to, local } of imports) {
    if (local) graph.set(from, [...(graph.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}

describe('architecture', () => {
  const files = sourceFiles()
  const imports = files.flatMap(importsOf)

  it('follows the arrows', () => {
    expect(imports.map(forbidden).filter(problem => problem !== undefined)).toEqual([])
  })

  it('has no import cycles', () => {
    expect(cycles(imports)).toEqual([])
  })

  it('keeps every folder known', () => {
    expect([...new Set(files.map(folderOf))].filter(name => name !== '' && !(name in arrows))).toEqual([])
  })

  it('sees a violation when there is one', () => {
    expect(forbidden({ from: 'pop3/server/a.ts', to: 'store/b.ts', local: true })).toBeDefined()
    expect(forbidden({ from: 'pop3/server/a.ts', to: 'pop3/client/b.ts', local: true })).toBeDefined()
    expect(forbidden({ from: 'mail/a.ts', to: 'better-sqlite3', local: false })).toBeDefined()
    expect(
      cycles([
        { from: 'a.ts', to: 'b.ts', local: true },
        { from: 'b.ts', to: 'a.ts', local: true },
      ]),
    ).toHaveLength(1)
  })

  it('lets no file grow beyond 500 lines', () => {
    const tooLong = files.filter(file => readFileSync(join(src, file), 'utf8').split('\n').length > 501)
    expect(tooLong).toEqual([])
  })
})
