// Debian's Dovecot in the office's place (INTEROP_PEER=dovecot): the same client tests against a server that is known to
// work show that the tests are right.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { LinePeer } from '../e2e/line-peer.ts'
import { freePorts } from '../e2e/office.ts'
import { runOrFail } from '../e2e/program.ts'

const { username, uid, gid } = userInfo()
const asRoot = uid === 0

function configuration(folder: string, pop3: number, lmtp: number): string {
  const [mailUid, mailGid] = asRoot ? [8, 8] : [uid, gid]
  return `
base_dir = ${folder}/run
log_path = ${folder}/dovecot.log
protocols = pop3 lmtp
ssl = no
disable_plaintext_auth = no
auth_username_format = %n
first_valid_uid = 1
mail_location = maildir:${folder}/mail/%n
pop3_lock_session = yes
${asRoot ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}\ndefault_internal_group = ${gid}`}
passdb {
  driver = static
  args = password=%n-secret
}
userdb {
  driver = static
  args = uid=${mailUid} gid=${mailGid} home=${folder}/mail/%n allow_all_users=yes
}
service anvil {
  chroot =
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    address = 127.0.0.1
    port = ${pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
`
}

export interface Dovecot {
  readonly ports: { readonly pop3: number; readonly lmtp: number }
  close(): Promise<void>
}

/** Any user exists; the password is `<name>-secret`. */
export async function startDovecot(): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'interop-dovecot-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'mail'))
  if (asRoot) chownSync(join(folder, 'mail'), 8, 8)
  const [pop3 = 0, lmtp = 0] = await freePorts(2)
  const file = join(folder, 'dovecot.conf')
  writeFileSync(file, configuration(folder, pop3, lmtp))
  const master = spawn('/usr/sbin/dovecot', ['-F', '-c', file], { stdio: 'ignore' })
  for (;;) {
    if (master.exitCode !== null)
      throw new Error((await runOrFail('cat', [join(folder, 'dovecot.log')])).toString())
    const peers = await Promise.all([pop3, lmtp].map(port => LinePeer.connect(port).catch(() => undefined)))
    for (const peer of peers) peer?.drop()
    if (!peers.includes(undefined)) break
  }
  return {
    ports: { pop3, lmtp },
    async close() {
      master.kill('SIGTERM')
      if (master.exitCode === null) await once(master, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
