// Dovecot's own POP3 server over a Maildir or an mbox, spoken to on its standard input: what its clients see. It does
// not work as root, so root becomes nobody for it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

const { uid, username } = userInfo()
const nobody = 65534
const runAs = uid === 0 ? { uid: nobody, gid: nobody, name: 'nobody' } : { name: username }

/** Sends the commands and QUIT; gives all that came, Latin-1. `folder` may be written to by Dovecot. */
export async function runDovecotPop3(
  folder: string,
  mailLocation: string,
  commands: readonly string[],
  settings: Record<string, string> = {},
): Promise<string> {
  const config = join(folder, 'dovecot.conf')
  const lines = {
    base_dir: join(folder, 'run'),
    state_dir: join(folder, 'run'),
    ssl: 'no',
    protocols: 'pop3',
    ...settings,
  }
  writeFileSync(
    config,
    Object.entries({ ...lines, mail_location: mailLocation })
      .map(([k, v]) => `${k} = ${v}\n`)
      .join(''),
  )
  giveAway(folder)
  chmodSync(folder, 0o755)
  const { name, ...ids } = runAs
  const child = spawn('/usr/lib/dovecot/pop3', ['-c', config], {
    ...ids,
    env: { USER: name, HOME: folder, PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stdin.end([...commands, 'QUIT', ''].join('\r\n'))
  await once(child, 'close')
  return Buffer.concat(output).toString('latin1')
}

/** Message number -> UIDL, in order. */
export async function dovecotUidls(
  folder: string,
  mailLocation: string,
  settings: Record<string, string> = {},
) {
  const lines = (await runDovecotPop3(folder, mailLocation, ['UIDL'], settings)).split('\r\n')
  if (!lines[0]?.startsWith('+OK')) throw new Error(`Dovecot said ${lines[0]}`)
  const start = lines.findIndex(line => /^1 /.test(line))
  return start < 0 ? [] : lines.slice(start, lines.indexOf('.', start)).map(line => line.replace(/^\d+ /, ''))
}

function giveAway(path: string): void {
  if (runAs.uid === undefined) return
  chownSync(path, nobody, nobody)
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name))
}
