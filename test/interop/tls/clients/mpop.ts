// mpop, which leaves TLS to GnuTLS and the mechanisms to GNU SASL.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardMessages } from '../../awkward-messages.ts'
import { makeMaildir, readMaildir } from '../../collector-files.ts'
import { type PopClient, passwordOf, portOf } from '../client.ts'

const all = [
  ...['password', 'PLAIN', 'LOGIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'CRAM-MD5', 'APOP'],
  ...['OAUTHBEARER', 'XOAUTH2', 'EXTERNAL'],
]

export const mpop: PopClient = {
  name: 'mpop',
  program: 'mpop',
  ways: [
    ['pop3s', all],
    ['stls', all],
  ],
  messages: awkwardMessages,
  async fetch(office, { transport, mechanism, user, caFile, host }) {
    const folder = office.workplace()
    const maildir = makeMaildir(join(folder, 'Maildir'))
    const { certFile, keyFile } = office.clientPair(user)
    const takesToken = mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2'
    const file = join(folder, 'mpoprc')
    const text = `
defaults
host ${host}
port ${portOf(office, transport)}
user ${user}
password ${takesToken ? await office.tokenFor(user) : passwordOf(user)}
auth ${mechanism === 'password' ? 'user' : mechanism.toLowerCase()}
tls on
tls_starttls ${transport === 'stls' ? 'on' : 'off'}
tls_trust_file ${caFile}
${mechanism === 'EXTERNAL' ? `tls_cert_file ${certFile}\ntls_key_file ${keyFile}` : ''}
keep on
received_header off
uidls_file ${join(folder, 'uidls')}
delivery maildir ${maildir}
account default
`
    writeFileSync(file, text, { mode: 0o600 })
    await runOrFail('mpop', ['--file', file, '--quiet'])
    return readMaildir(maildir)
  },
}
