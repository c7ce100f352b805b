// fetchmail against the real server: kept and fetched once by unique-id, or fetched and deleted; each message handed to
// a program.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, type ProgramResult, runProgram } from '../e2e/program.ts'
import { type AwkwardMessage, awkwardExcept, behindTrace, fingerprint, withLf } from './awkward-messages.ts'
import { readFolder } from './collector-files.ts'
import { type InteropServer, startServer } from './server.ts'

const nothingNew = 1 // fetchmail's exit code
/** fetchmail itself drops NUL and lone CR, ends a header without body by an empty line, and breaks very long lines. */
const messages = awkwardExcept('NUL', 'lone CR', 'header only', 'a line of 100000 octets')
let server: InteropServer
let folder: string

beforeAll(async () => {
  server = await startServer(['kept', 'taken'])
  folder = mkdtempSync(join(tmpdir(), 'interop-fetchmail-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server?.close()
})

/** One poll; every message becomes a file in `<folder>/<user>/`. */
function poll(user: string, options: string): Promise<ProgramResult> {
  const home = join(folder, `home-${user}`)
  mkdirSync(home, { recursive: true })
  mkdirSync(join(folder, user), { recursive: true })
  const file = join(home, 'fetchmailrc')
  const text = `
set invisible
set no bouncemail
set no spambounce
poll 127.0.0.1 protocol pop3 service ${server.ports.pop3} uidl auth password timeout 30
  user ${user} password ${user}-secret
  sslproto "" ${options} no rewrite pass8bits
  mda "cat > $(mktemp ${join(folder, user)}/XXXXXXXX)"
`
  writeFileSync(file, text, { mode: 0o600 })
  const env = { HOME: home, FETCHMAILHOME: home, LC_ALL: 'C' }
  return runProgram('fetchmail', ['-f', file, '--nodetach', '--nosyslog'], { env })
}

function received(user: string): string[] {
  return readFolder(join(folder, user))
    .map(message => fingerprint(behindTrace(message)))
    .sort()
}

function sent(list: readonly AwkwardMessage[]): string[] {
  return list.map(({ content }) => fingerprint(withLf(content))).sort()
}

describe('fetchmail', () => {
  itWith('fetchmail', 'keeps on the server, and fetches nothing twice', async () => {
    await server.deliver('kept', messages)
    const first = await poll('kept', 'keep')
    expect(first).toMatchObject({ code: 0 })
    expect(received('kept')).toEqual(sent(messages))

    await server.restart?.()
    expect(await poll('kept', 'keep')).toMatchObject({ code: nothingNew })
    const later = messages.slice(0, 1)
    await server.deliver('kept', later)
    expect(await poll('kept', 'keep')).toMatchObject({ code: 0 })
    expect(received('kept')).toEqual(sent([...messages, ...later]))
  })

  itWith('fetchmail', 'deletes what it has handed on', async () => {
    await server.deliver('taken', messages)
    expect(await poll('taken', 'nokeep')).toMatchObject({ code: 0 })
    expect(received('taken')).toEqual(sent(messages))
    expect(await poll('taken', 'nokeep fetchall')).toMatchObject({ code: nothingNew })
  })
})
