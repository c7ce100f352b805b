// mpop against the real server: pipelined retrieval into a Maildir and an mbox, its file of unique-ids, deletion.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { type AwkwardMessage, awkwardMessages, behindTrace, fingerprint, withLf } from './awkward-messages.ts'
import { makeMaildir, readMaildir, readMbox } from './collector-files.ts'
import { type InteropServer, startServer } from './server.ts'

let server: InteropServer
let folder: string

beforeAll(async () => {
  server = await startServer(['kept', 'taken'])
  folder = mkdtempSync(join(tmpdir(), 'interop-mpop-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server?.close()
})

async function fetchMail(user: string, delivery: string, keep: 'on' | 'off'): Promise<void> {
  const file = join(folder, `${user}.mpoprc`)
  const text = `
account ${user}
host 127.0.0.1
port ${server.ports.pop3}
user ${user}
password ${user}-secret
auth user
tls off
tls_starttls off
pipelining on
keep ${keep}
received_header off
uidls_file ${join(folder, user)}.uidls
delivery ${delivery}
account default : ${user}
`
  writeFileSync(file, text, { mode: 0o600 })
  await runOrFail('mpop', ['--file', file, '--quiet'])
}

const prints = (messages: readonly Buffer[]) =>
  messages.map(message => fingerprint(behindTrace(message))).sort()
const sent = (list: readonly AwkwardMessage[]) =>
  list.map(({ content }) => fingerprint(withLf(content))).sort()

describe('mpop', () => {
  itWith('mpop', 'fetches pipelined into a Maildir, keeps on the server, fetches nothing twice', async () => {
    const maildir = makeMaildir(join(folder, 'Maildir'))
    await server.deliver('kept', awkwardMessages)
    await fetchMail('kept', `maildir ${maildir}`, 'on')
    expect(prints(readMaildir(maildir))).toEqual(sent(awkwardMessages))
    const uidls = readFileSync(join(folder, 'kept.uidls'), 'latin1')

    await server.restart?.()
    await fetchMail('kept', `maildir ${maildir}`, 'on')
    expect(readMaildir(maildir)).toHaveLength(awkwardMessages.length)
    expect(readFileSync(join(folder, 'kept.uidls'), 'latin1')).toBe(uidls)

    await server.deliver('kept', awkwardMessages.slice(0, 1))
    await fetchMail('kept', `maildir ${maildir}`, 'on')
    expect(readMaildir(maildir)).toHaveLength(awkwardMessages.length + 1)
  })

  itWith('mpop', 'fetches into an mbox, deletes what it has stored', async () => {
    const mbox = join(folder, 'mbox')
    await server.deliver('taken', awkwardMessages)
    await fetchMail('taken', `mbox ${mbox}`, 'off')
    expect(prints(readMbox(mbox))).toEqual(sent(awkwardMessages))
    await fetchMail('taken', `mbox ${mbox}`, 'off')
    expect(readMbox(mbox)).toHaveLength(awkwardMessages.length)
  })
})
