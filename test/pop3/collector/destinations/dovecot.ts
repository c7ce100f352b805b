// Debian's Dovecot as a place to deliver to: LMTP and IMAP over one Maildir for each user.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinePeer } from '../../../e2e/line-peer.ts'
import { freePorts } from '../../../e2e/office.ts'

const { username, uid, gid } = userInfo()
const asRoot = uid === 0
const [mailUid, mailGid] = asRoot ? [8, 8] : [uid, gid]

export const hasDovecotImap = existsSync('/usr/lib/dovecot/imap') && existsSync('/usr/lib/dovecot/lmtp')

function configuration(folder: string, imap: number, lmtp: number): string {
  return `
base_dir = ${folder}/run
log_path = ${folder}/dovecot.log
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_username_format = %n
first_valid_uid = 1
mail_location = maildir:${folder}/mail/%n
mail_plugins = quota
${asRoot ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}\ndefault_internal_group = ${gid}`}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=200K
}
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
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = ${imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
  unix_listener lmtp {
    mode = 0666
  }
}
`
}

export interface DovecotBox {
  readonly ports: { readonly imap: number; readonly lmtp: number }
  readonly lmtpSocket: string
  /** Of a user. */
  maildir(user: string): string
  close(): Promise<void>
}

/** Any user exists, with a quota of 200 KB; the password is `<name>-secret`. */
export async function startDovecotBox(): Promise<DovecotBox> {
  const folder = mkdtempSync(join(tmpdir(), 'dovecot-box-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'mail'))
  chownSync(join(folder, 'mail'), mailUid ?? 0, mailGid ?? 0)
  const [imap = 0, lmtp = 0] = await freePorts(2)
  const file = join(folder, 'dovecot.conf')
  writeFileSync(file, configuration(folder, imap, lmtp))
  const master = spawn('/usr/sbin/dovecot', ['-F', '-c', file], { stdio: 'ignore' })
  for (const port of [imap, lmtp]) {
    for (;;) {
      if (master.exitCode !== null) throw new Error(readFileSync(join(folder, 'dovecot.log'), 'utf8'))
      const peer = await LinePeer.connect(port).catch(() => undefined)
      peer?.drop()
      if (peer) break
      await sleep(20)
    }
  }
  return {
    ports: { imap, lmtp },
    lmtpSocket: join(folder, 'run', 'lmtp'),
    maildir: user => join(folder, 'mail', user),
    async close() {
      master.kill('SIGTERM')
      if (master.exitCode === null) await once(master, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
