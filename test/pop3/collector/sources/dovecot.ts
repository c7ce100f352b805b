// Debian's Dovecot with IMAP and POP3 over Maildirs that a test fills and looks into: TLS with a certificate of its own, and,
// where a test has an OpenID provider, tokens of that.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { makeSelfSigned } from '../../../../src/net/self-signed.ts'
import { LinePeer } from '../../../e2e/line-peer.ts'
import { freePorts } from '../../../e2e/office.ts'

const { username, uid, gid } = userInfo()
const [mailUid, mailGid] = uid === 0 ? [8, 8] : [uid, gid]

export interface DovecotOptions {
  /** As imap_capability has them; undefined: all there are. */
  readonly imapCapabilities?: string
  /** Where tokens are asked about, RFC 7662, with client identifier and secret in it. */
  readonly introspection?: string
  /** PEM: who signs the certificates that clients must have. */
  readonly clientAuthority?: string
}

export interface Dovecot {
  readonly ports: { readonly imap: number; readonly imaps: number; readonly pop3: number }
  /** PEM. */
  readonly certificate: string
  /** Puts a message into the INBOX of the user, or a folder of his, with such flags of Maildir (`S`, `T`). */
  put(user: string, octets: Uint8Array, options?: { readonly folder?: string; readonly flags?: string }): void
  /** Names of the files there, all flags in them. */
  files(user: string, folder?: string): string[]
  log(): string
  close(): Promise<void>
}

/** Any user exists; the password is `<name>-secret`. */
export async function startDovecot(options: DovecotOptions = {}): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'collector-dovecot-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'mail'))
  chownSync(join(folder, 'mail'), mailUid, mailGid)
  const { cert, key } = makeSelfSigned({ names: ['localhost', '127.0.0.1'], days: 2 })
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  const [imap = 0, imaps = 0, pop3 = 0] = await freePorts(3)
  const file = join(folder, 'dovecot.conf')
  if (options.introspection !== undefined)
    writeFileSync(join(folder, 'oauth2.conf'), oauthFile(options.introspection))
  if (options.clientAuthority !== undefined)
    writeFileSync(join(folder, 'clients.pem'), options.clientAuthority)
  writeFileSync(file, configuration(folder, { imap, imaps, pop3 }, options))
  const master = spawn('/usr/sbin/dovecot', ['-F', '-c', file], { stdio: 'ignore' })
  const log = () => readFileSync(join(folder, 'dovecot.log'), 'latin1')
  for (;;) {
    if (master.exitCode !== null) throw new Error(log())
    const peer = await LinePeer.connect(imap).catch(() => undefined)
    if (!peer) continue
    peer.drop()
    break
  }
  let count = 0
  const maildir = (user: string, name: string) => join(folder, 'mail', user, name === '' ? '' : `.${name}`)
  return {
    ports: { imap, imaps, pop3 },
    certificate: cert,
    put(user, octets, { folder: name = '', flags = '' } = {}) {
      makeMaildir(maildir(user, ''))
      makeMaildir(maildir(user, name))
      count += 1
      // Sorted by name: Dovecot gives out UIDs in that order.
      const path = join(maildir(user, name), 'cur', `${1_700_000_000 + count}.M1P1.test:2,${flags}`)
      writeFileSync(path, octets)
      chownSync(path, mailUid, mailGid)
    },
    files: (user, name = '') =>
      ['cur', 'new'].flatMap(part => readdirSync(join(maildir(user, name), part))).sort(),
    log,
    async close() {
      master.kill('SIGTERM')
      if (master.exitCode === null) await once(master, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeMaildir(path: string): void {
  for (const folder of [path, ...['cur', 'new', 'tmp'].map(part => join(path, part))]) {
    mkdirSync(folder, { recursive: true })
    chownSync(folder, mailUid, mailGid)
  }
}

function oauthFile(introspection: string): string {
  return `
introspection_mode = post
introspection_url = ${introspection}
username_attribute = sub
active_attribute = active
active_value = true
`
}

function configuration(folder: string, ports: Dovecot['ports'], options: DovecotOptions): string {
  const { imapCapabilities, introspection, clientAuthority } = options
  return `
base_dir = ${folder}/run
log_path = ${folder}/dovecot.log
protocols = imap pop3
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
${
  clientAuthority === undefined
    ? ''
    : `ssl_ca = <${folder}/clients.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_require_client_cert = yes`
}
disable_plaintext_auth = no
auth_username_format = %n
auth_mechanisms = plain login${introspection === undefined ? '' : ' xoauth2 oauthbearer'}
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:${folder}/mail/%n
${imapCapabilities === undefined ? '' : `imap_capability = ${imapCapabilities}`}
${uid === 0 ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}\ndefault_internal_group = ${gid}`}
passdb {
  driver = static
  args = password=%n-secret
}
${
  introspection === undefined
    ? ''
    : `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2.conf
}`
}
userdb {
  driver = static
  args = uid=${mailUid} gid=${mailGid} home=${folder}/mail/%n allow_all_users=yes
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = ${ports.imap}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${ports.imaps}
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    address = 127.0.0.1
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
`
}
