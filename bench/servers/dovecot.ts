// Debian's Dovecot 2.3, tuned: authentication cache, long-lived login and session processes made in advance, PLAIN
// passwords, Maildir with sizes in the names. Runs from a folder of its own on ports of its own, as root or not.
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
import { type Contender, mailDomain, type RunningServer } from './contender.ts'
import { freePort, startServer, stopServer } from './processes.ts'

const program = '/usr/sbin/dovecot'
const nobody = 65_534

export class Dovecot implements Contender {
  readonly name = 'dovecot'
  readonly title: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-dovecot-'))
  readonly #isRoot = process.getuid?.() === 0
  readonly #names: string[] = []

  constructor() {
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
    const users = plans.map(({ name, password }) => `${name}:{PLAIN}${password}\n`)
    writeFileSync(join(this.#folder, 'users'), users.join(''), { flag: 'a' })
  }

  async start(): Promise<RunningServer> {
    const [pop3Port, lmtpPort] = [await freePort(), await freePort()]
    const configFile = join(this.#folder, 'dovecot.conf')
    writeFileSync(configFile, this.#config(pop3Port, lmtpPort))
    const child = await startServer([program, '-F', '-c', configFile], join(this.#folder, 'output.log'), [
      pop3Port,
      lmtpPort,
    ])
    return { pid: child.pid ?? 0, pop3Port, lmtpPort, stop: () => stopServer(child) }
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

  #config(pop3Port: number, lmtpPort: number): string {
    const folder = this.#folder
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
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
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
  args = scheme=PLAIN username_format=%n ${folder}/users
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
    port = 0
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
