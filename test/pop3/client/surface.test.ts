// Whether surface.ts would notice: it compiles as the types are, and no longer when one of them is changed.
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const surface = join(import.meta.dirname, 'surface.ts')
const client = join(root, 'src/pop3/client')

const configFile = join(root, 'tsconfig.check.json')
const config: unknown = ts.readConfigFile(configFile, name => ts.sys.readFile(name)).config
const options = {
  ...ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile)).options,
  incremental: false,
}
delete options.tsBuildInfoFile

let last: ts.Program | undefined

/** What the compiler says of surface.ts when a text in a file of the client is another. */
function complaints(file = '', from = '', to = ''): string[] {
  const changed = join(client, file)
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) => {
    if (file === '' || resolve(name) !== changed) return last?.getSourceFile(name) ?? read(name, ...rest)
    const text = ts.sys.readFile(name) ?? ''
    expect(text.includes(from), `${file} has ${JSON.stringify(from)}`).toBe(true)
    return ts.createSourceFile(name, text.replace(from, to), ts.ScriptTarget.ES2023, true)
  }
  const program = ts.createProgram([surface], options, host, last)
  last ??= program
  const found = program.getSemanticDiagnostics(program.getSourceFile(surface))
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

it('compiles', () => {
  expect(complaints()).toEqual([])
}, 60_000)

it.each([
  [
    'a code of errors that becomes any string',
    'errors.ts',
    'readonly code: Pop3ErrorCode',
    'readonly code: string',
  ],
  ['an option that must be given', 'options.ts', 'readonly port?: number', 'readonly port: number'],
  ['an option that need not', 'options.ts', 'readonly auth: Credentials', 'readonly auth?: Credentials'],
  ['a policy more', 'options.ts', "| 'none'", "| 'none' | 'any'"],
  ['a size that is always there', 'message-ref.ts', 'octets: number | undefined', 'octets: number'],
  [
    'a listing that can be changed',
    'message-ref.ts',
    'extends ReadonlyArray<MessageRef>',
    'extends Array<MessageRef>',
  ],
  ['an outcome less', 'message.ts', "state: 'committed' | 'unknown'", "state: 'committed'"],
  ['a body of any octets', 'message-body.ts', 'Promise<Uint8Array>', 'Promise<Buffer>'],
  [
    'a name more',
    'index.ts',
    'export { connect }',
    "export { joinListing } from './message-ref.ts'\nexport { connect }",
  ],
])(
  'does not with %s',
  (_what, file, from, to) => {
    expect(complaints(file, from, to)).not.toEqual([])
  },
  60_000,
)
