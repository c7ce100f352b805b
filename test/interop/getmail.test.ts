// getmail6 against the real server: each message handed to a program, kept and fetched once by unique-id, or fetched and
// deleted.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { type AwkwardMessage, awkwardExcept, behindTrace, fingerprint, withLf } from './awkward-messages.ts'
import { readFolder } from './collector-files.ts'
import { type InteropServer, startServer } from './server.ts'

/** getmail6 parses what it fetches: lone CR becomes a line end, and a header without body gets its empty line. */
const messages = awkwardExcept('lone CR', 'header only')
let server: InteropServer
let folder: string

beforeAll(async () => {
  server = await startServer(['kept', 'taken'])
  folder = mkdtempSync(join(tmpdir(), 'interop-getmail-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server?.close()
})

async function fetchMail(user: string, fate: 'keep' | 'delete'): Promise<Buffer[]> {
  const home = join(folder, user)
  const fetched = join(home, 'messages')
  mkdirSync(fetched, { recursive: true, mode: 0o700 })
  const file = join(home, 'getmailrc')
  const text = `
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = ${server.ports.pop3}
username = ${user}
password = ${user}-secret

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > $(mktemp ${fetched}/XXXXXXXX)")
unixfrom = false
allow_root_commands = true

[options]
read_all = false
delete = ${fate === 'delete'}
delivered_to = false
received = false
`
  writeFileSync(file, text, { mode: 0o600 })
  await runOrFail('getmail', ['--getmaildir', home, '--rcfile', file], { env: { HOME: home } })
  return readFolder(fetched)
}

const prints = (messages: readonly Buffer[]) =>
  messages.map(message => fingerprint(behindTrace(message))).sort()
const sent = (list: readonly AwkwardMessage[]) =>
  list.map(({ content }) => fingerprint(withLf(content))).sort()

describe('getmail6', () => {
  itWith('getmail', 'keeps on the server, and fetches nothing twice', async () => {
    await server.deliver('kept', messages)
    expect(prints(await fetchMail('kept', 'keep'))).toEqual(sent(messages))
    await server.restart?.()
    expect(await fetchMail('kept', 'keep')).toHaveLength(messages.length)
    await server.deliver('kept', messages.slice(0, 1))
    expect(await fetchMail('kept', 'keep')).toHaveLength(messages.length + 1)
  })

  itWith('getmail', 'deletes what it has stored', async () => {
    await server.deliver('taken', messages)
    expect(prints(await fetchMail('taken', 'delete'))).toEqual(sent(messages))
    expect(await fetchMail('taken', 'delete')).toHaveLength(messages.length)
  })
})
