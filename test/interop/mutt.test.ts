// mutt, headless on a pseudo-terminal, against the real server: opens the POP folder, copies every message to a Maildir,
// deletes one, and finds the others at the next opening.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { type AwkwardMessage, awkwardExcept, behindTrace, fingerprint, withLf } from './awkward-messages.ts'
import { readFolder, readMaildir } from './collector-files.ts'
import { type InteropServer, startServer } from './server.ts'

/** mutt itself cuts lines at NUL, and gives a header without body its empty line. */
const messages = awkwardExcept('NUL', 'header only')
let server: InteropServer
let folder: string

beforeAll(async () => {
  server = await startServer(['mutt'])
  folder = mkdtempSync(join(tmpdir(), 'interop-mutt-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server?.close()
})

/** Opens the POP folder and types the keys; gives the messages copied to the Maildir `file`, in any order. */
async function mutt(keys: string, file: string): Promise<Buffer[]> {
  const muttrc = join(folder, 'muttrc')
  const settings = `
set folder="${folder}" mbox_type=Maildir spoolfile="/dev/null" tmpdir="${folder}" header_cache="" message_cachedir=""
set pop_user="mutt" pop_pass="mutt-secret" pop_authenticators="user" ssl_starttls=no ssl_force_tls=no
set confirmappend=no confirmcreate=no delete=yes quit=yes wait_key=no sleep_time=0 save_empty=no sort=mailbox-order
set mark_old=no auto_tag=yes charset="iso-8859-1" copy=no record=""
`
  writeFileSync(muttrc, settings, { mode: 0o600 })
  const command = `mutt -n -F ${muttrc} -f pop://127.0.0.1:${server.ports.pop3} -e 'push "${keys.replace('FILE', file)}"'`
  const env = { HOME: folder, TERM: 'vt100', LINES: '24', COLUMNS: '80' }
  await runOrFail('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env })
  return existsSync(file) ? [...readMaildir(file), ...readFolder(join(file, 'cur'))] : []
}

const prints = (copied: readonly Buffer[]) =>
  copied.map(message => fingerprint(plain(behindTrace(message)))).sort()
const sent = (list: readonly AwkwardMessage[]) =>
  list.map(({ content }) => fingerprint(withLf(content))).sort()

describe('mutt', () => {
  itWith('mutt', 'copies every message of the POP folder; deletes one, the others stay', async () => {
    await server.deliver('mutt', messages)
    const copied = await mutt('T.*<enter><copy-message>FILE<enter><exit>', join(folder, 'all'))
    expect(prints(copied)).toEqual(sent(messages))
    await mutt('<first-entry><delete-message><quit>', join(folder, 'none'))
    const rest = await mutt('T.*<enter><copy-message>FILE<enter><exit>', join(folder, 'rest'))
    expect(prints(rest)).toEqual(sent(messages.slice(1)))
  })
})

/** Without the fields that mutt writes into a folder. */
function plain(message: Buffer): Buffer {
  return Buffer.from(
    message.toString('latin1').replace(/^(?:Status|X-Status|Content-Length|Lines): .*\n/gm, ''),
    'latin1',
  )
}
