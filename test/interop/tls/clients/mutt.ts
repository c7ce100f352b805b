// mutt, headless on a pseudo-terminal, with pops:// and with pop:// and STLS; the mechanisms are those of GNU SASL.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardExcept } from '../../awkward-messages.ts'
import { readFolder, readMaildir } from '../../collector-files.ts'
import { type PopClient, passwordOf, portOf } from '../client.ts'

const all = [
  'password',
  'APOP',
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'OAUTHBEARER',
  'XOAUTH2',
]

export const mutt: PopClient = {
  name: 'mutt',
  program: 'mutt',
  ways: [
    ['pop3s', all],
    ['stls', all],
  ],
  // It cuts lines at NUL, and gives a header without body its empty line.
  messages: awkwardExcept('NUL', 'header only'),
  async fetch(office, { transport, mechanism, user, caFile, host }) {
    const folder = office.workplace()
    const copies = join(folder, 'copies')
    const muttrc = join(folder, 'muttrc')
    const authenticator = mechanism === 'password' ? 'user' : mechanism.toLowerCase()
    const settings = `
set folder="${folder}" mbox_type=Maildir spoolfile="/dev/null" tmpdir="${folder}" header_cache="" message_cachedir=""
set pop_user="${user}" pop_pass="${passwordOf(user)}" pop_authenticators="${authenticator}"
set pop_oauth_refresh_command="echo ${await office.tokenFor(user)}"
set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file="${caFile}" certificate_file="${caFile}" ssl_verify_host=yes
set confirmappend=no confirmcreate=no delete=yes quit=yes wait_key=no sleep_time=0 save_empty=no sort=mailbox-order
set mark_old=no auto_tag=yes charset="iso-8859-1" copy=no record=""
`
    writeFileSync(muttrc, settings, { mode: 0o600 })
    const scheme = transport === 'pop3s' ? 'pops' : 'pop'
    // Otherwise it asks, in a dialogue of its own, whether to trust the certificate all the same: no.
    const isTrusted = caFile === office.caFile && host === office.certificateName
    const keys = isTrusted ? `T.*<enter><copy-message>${copies}<enter><exit>` : ''
    const input = isTrusted ? '' : 'rqq'
    const command = `mutt -n -F ${muttrc} -f ${scheme}://${host}:${portOf(office, transport)} -e 'push "${keys}"'`
    const env = { HOME: folder, TERM: 'vt100', LINES: '24', COLUMNS: '80' }
    await runOrFail('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env,
      input,
    })
    const messages = existsSync(copies) ? [...readMaildir(copies), ...readFolder(join(copies, 'cur'))] : []
    return messages.map(plain)
  },
}

/** Without the fields that mutt writes into a folder. */
function plain(message: Buffer): Buffer {
  return Buffer.from(
    message.toString('latin1').replace(/^(?:Status|X-Status|Content-Length|Lines): .*\n/gm, ''),
    'latin1',
  )
}
