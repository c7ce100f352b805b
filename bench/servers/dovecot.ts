// Debian's Dovecot 2.3, tuned: authentication cache, long-lived login and session processes made in advance, PLAIN
// passwords beside derived keys for SCRAM, Maildir with sizes in the names. Runs from a folder of its own on ports of its own, as root or not.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { MaildropPlan, Message } from '../corpus.ts'
import type { CertificateFiles } from './certificate.ts'
import { type Contender, mailDomain, type RunningServer } from './contender.ts'
import { freePort, startServer, stopServer } from './processes.ts'
import { dovecotScramKeys, StoredPasswords } from './stored-passwords.ts'

const program = '/usr/sbin/dovecot'
const nobody = 65_534

interface Ports {
  readonly pop3Port: number
  readonly pop3sPort: number
  readonly lmtpPort: number
}

export class Dovecot implements Contender {
  readonly name = 'dovecot'
  readonly title: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-dovecot-'))
  readonly #isRoot = process.getuid?.() === 0
  readonly #names: string[] = []
  readonly #certificate: CertificateFiles

  constructor(certificate: CertificateFiles) {
    this.#certificate = certificate
    if (!existsSync(program))
      throw new Error(`${program} is missing: apt-get install dovecot-pop3d dovecot-lmtpd`)
    this.title = `Dovecot ${execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()}`
    // Its login processes run as another user and must reach the sockets.
    chmodSync(this.#folder, 0o755)
    this.#makeFolder(join(this.#folder, 'mail'))
  }

  async fill(plans: readonly MaildropPlan[]): Promise<void> {
    for (const plan of plans) {
      this.#names.push(plan.name)
      const maildir = this.#maildir(plan.name)
      for (const path of ['.', 'cur', 'new', 'tmp']) this.#makeFolder(join(maildir, path))
      for (let index = 0; index < plan.messageCount; index++) {
        this.#writeMessage(join(maildir, 'cur'), index, plan.message(index))
      }
    }
    const passwords = new StoredPasswords()
    for (const { name, password } of plans) {
      this.#append('users', `${name}:{PLAIN}${password}\n`)
      this.#append('scram-users', `${name}:${dovecotScramKeys(await passwords.of(password))}\n`)
    }
  }

  async start(): Promise<RunningServer> {
    const ports = { pop3Port: await freePort(), pop3sPort: await freePort(), lmtpPort: await freePort() }
    const configFile = join(this.#folder, 'dovecot.conf')
    writeFileSync(configFile, this.#config(ports))
    const child = await startServer([program, '-F', '-c', configFile], join(this.#folder, 'output.log'), [
      ports.pop3Port,
      ports.lmtpPort,
    ])
    return { pid: child.pid ?? 0, ...ports, stop: () => stopServer(child) }
  }

  makeCold(): void {
    for (const name of this.#names) {
      const maildir = this.#maildir(name)
      const indexes = readdirSync(maildir).filter(file => file.startsWith('dovecot'))
      for (const file of indexes) rmSync(join(maildir, file), { recursive: true })
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #maildir(name: string): string {
    return join(this.#folder, 'mail', name)
  }

  #append(file: string, line: string): void {
    writeFileSync(join(this.#folder, file), line, { flag: 'a' })
  }

  #makeFolder(path: string): void {
    mkdirSync(path, { recursive: true })
    if (this.#isRoot) chownSync(path, nobody, nobody)
  }

  /** Line ends as Dovecot's own deliveries have them: LF, with both sizes in the name, so that it need not count. */
  #writeMessage(folder: string, index: number, { octets }: Message): void {
    const text = octets.toString('latin1').replaceAll('\r\n', '\n')
    const serial = String(index).padStart(6, '0')
    const name = `${1_790_000_000 + index}.M${serial}P1.bench,S=${text.length},W=${octets.length}:2,S`
    const path = join(folder, name)
    writeFileSync(path, text, 'latin1')
    if (this.#isRoot) chownSync(path, nobody, nobody)
  }

  #config({ pop3Port, pop3sPort, lmtpPort }: Ports): string {
    const folder = this.#folder
    const { certFile, keyFile } = this.#certificate
    const { username } = userInfo()
    const group = this.#isRoot ? '' : execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()
    const [uid, gid] = this.#isRoot ? [nobody, nobody] : [userInfo().uid, userInfo().gid]
    const rootless = `
default_internal_user = ${username}
default_internal_group = ${group}
default_login_user = ${username}
service anvil {
  chroot =
}
service pop3-login {
  chroot =
}`
    return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
protocols = pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${certFile}
ssl_key = <${keyFile}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256
auth_username_format = %Ln
auth_cache_size = 10M
mail_location = maildir:${folder}/mail/%n
mail_uid = ${uid}
mail_gid = ${gid}
first_valid_uid = 1
mail_max_userip_connections = 0
hostname = ${mailDomain}
default_process_limit = 2000
default_client_limit = 8000
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%n ${folder}/users
}
passdb {
  driver = passwd-file
  mechanisms = scram-sha-256
  args = scheme=SCRAM-SHA-256 username_format=%n ${folder}/scram-users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}/mail/%n
}
service pop3-login {
  inet_listener pop3 {
    port = ${pop3Port}
  }
  inet_listener pop3s {
    port = ${pop3sPort}
    ssl = yes
  }
  service_count = 0
  client_limit = 4000
  process_min_avail = 2
}
service pop3 {
  service_count = 100000
  process_min_avail = 64
  process_limit = 2000
}
service lmtp {
  inet_listener lmtp {
    port = ${lmtpPort}
  }
}
${this.#isRoot ? '' : rootless}
`
  }
}
