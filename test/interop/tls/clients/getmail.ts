// getmail6, which knows TLS only from the first octet.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardExcept } from '../../awkward-messages.ts'
import { readFolder } from '../../collector-files.ts'
import { type PopClient, passwordOf, portOf } from '../client.ts'

export const getmail: PopClient = {
  name: 'getmail6',
  program: 'getmail',
  ways: [['pop3s', ['password', 'APOP']]],
  // It parses what it fetches: lone CR becomes a line end, and a header without body gets its empty line.
  messages: awkwardExcept('lone CR', 'header only'),
  async fetch(office, { transport, mechanism, user, caFile, host }) {
    const folder = office.workplace()
    const fetched = join(folder, 'fetched')
    mkdirSync(fetched)
    const file = join(folder, 'getmailrc')
    const text = `
[retriever]
type = SimplePOP3SSLRetriever
server = ${host}
port = ${portOf(office, transport)}
ca_certs = ${caFile}
ssl_cert_hostname = ${host}
username = ${user}
password = ${passwordOf(user)}
use_apop = ${mechanism === 'APOP'}

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > $(mktemp ${fetched}/XXXXXXXX)")
unixfrom = false
allow_root_commands = true

[options]
delete = false
delivered_to = false
received = false
`
    writeFileSync(file, text, { mode: 0o600 })
    await runOrFail('getmail', ['--getmaildir', folder, '--rcfile', file], { env: { HOME: folder } })
    return readFolder(fetched)
  },
}
