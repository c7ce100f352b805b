// fetchmail, which finds mechanisms and STLS by CAPA.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardExcept } from '../../awkward-messages.ts'
import { readFolder } from '../../collector-files.ts'
import { type PopClient, passwordOf, portOf } from '../client.ts'

export const fetchmail: PopClient = {
  name: 'fetchmail',
  program: 'fetchmail',
  ways: [
    ['pop3s', ['password', 'CRAM-MD5', 'APOP']],
    // Told to take APOP, it does not ask what the server can, and so not for STLS.
    ['stls', ['password', 'CRAM-MD5']],
  ],
  // It drops NUL and lone CR, ends a header without body by an empty line, and breaks very long lines.
  messages: awkwardExcept('NUL', 'lone CR', 'header only', 'a line of 100000 octets'),
  async fetch(office, { transport, mechanism, user, caFile, host }) {
    const folder = office.workplace()
    const fetched = join(folder, 'fetched')
    mkdirSync(fetched)
    const file = join(folder, 'fetchmailrc')
    const text = `
set invisible
set no bouncemail
set no spambounce
poll ${host} protocol ${mechanism === 'APOP' ? 'apop' : 'pop3'} service ${portOf(office, transport)}
  auth ${mechanism === 'CRAM-MD5' ? 'cram-md5' : 'password'} timeout 30
  user ${user} password ${passwordOf(user)}
  ${transport === 'pop3s' ? 'ssl' : ''} sslproto "TLS1.2+" sslcertck sslcertfile ${caFile}
  keep fetchall no rewrite pass8bits
  mda "cat > $(mktemp ${fetched}/XXXXXXXX)"
`
    writeFileSync(file, text, { mode: 0o600 })
    const env = { HOME: folder, FETCHMAILHOME: folder, LC_ALL: 'C' }
    await runOrFail('fetchmail', ['-f', file, '--nodetach', '--nosyslog', '-v'], { env })
    return readFolder(fetched)
  },
}
