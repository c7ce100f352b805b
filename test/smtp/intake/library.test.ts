// The internals of the smtp-server library that ours override or use: all of them are there. Overriding a method that is
// gone breaks nothing at once, it is only never called again.
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { afterAll, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(resolve(root, path), 'utf8')

const server = new SMTPServer({ disabledCommands: ['AUTH', 'STARTTLS'] })
const socket = new Socket()
afterAll(() => void socket.destroy())

const extended: readonly { file: string; name: string; instance: object }[] = [
  { file: 'server.ts', name: 'SMTPServer', instance: server },
  { file: 'connection.ts', name: 'SMTPConnection', instance: new SMTPConnection(server, socket, {}) },
  {
    file: 'securable-connection.ts',
    name: 'SMTPConnection',
    instance: new SMTPConnection(server, socket, {}),
  },
  {
    file: 'login-connection.ts',
    name: 'SMTPConnection',
    instance: new SMTPConnection(server, socket, {}),
  },
  { file: 'data-parser.ts', name: 'SMTPStream', instance: new SMTPStream() },
]

/** What a file overrides, and what it reaches for with an underscore. */
function internalsIn(source: string): string[] {
  const found = source.matchAll(/\boverride (?:async )?(\w+)\(|\b(?:this|super)\.(_\w+)/g)
  return [...new Set(Array.from(found, ([, overridden, used]) => overridden ?? used ?? ''))]
}

it.each(extended)('$name has what $file overrides and uses', ({ file, name, instance }) => {
  const internals = internalsIn(read(`src/smtp/intake/${file}`))
  expect(internals.length).toBeGreaterThan(2)
  const gone = internals.filter(internal => !(internal in instance))
  expect(
    gone,
    `smtp-server has changed: its ${name} has no ${gone.join(', ')} any more, which src/smtp/intake/${file} stands on. ` +
      'Do not raise its version before docs/decisions/0004 is met again.',
  ).toEqual([])
})

it('would see one that is gone', () => {
  const source = 'override _gone(): void { super._gone(); this._onCommand(); this.#ours() }'
  expect(internalsIn(source)).toEqual(['_gone', '_onCommand'])
  expect('_gone' in server).toBe(false)
})

it('takes the certificate of a handshake where ours is put', () => {
  const source = read('node_modules/smtp-server/dist/esm/smtp-connection.js')
  expect(source).toContain("secureContext: server.secureContext.get('*')")
  expect(source).toContain('SNICallback: (servername, cb) => server._resolveSNI(servername, cb)')
})

it('is pinned to one version', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  expect(dependencies['smtp-server']).toMatch(/^\d+\.\d+\.\d+$/)
})
