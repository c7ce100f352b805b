// Our collector as a process: a folder with an office that has one mailbox and one source, POP3 in clear on this machine.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')

export interface PoplarCollector {
  /** Of a run by hand; more arguments may follow. */
  readonly command: readonly [string, ...string[]]
  readonly env: Record<string, string>
  /** The mail, the ledger with it. */
  readonly mailFile: string
  /** Messages in the mailbox. */
  readonly stored: (this: void) => number
}

export interface SourceLogin {
  readonly user: string
  readonly secret: string
  readonly port: number
}

/** In a folder that is there and empty. */
export function preparePoplarCollector(place: string, { user, secret, port }: SourceLogin): PoplarCollector {
  const config = join(place, 'poplar.toml')
  writeFileSync(
    config,
    `data = "data"
[[collect]]
name = "old"
server = "pop3://${user}@127.0.0.1:${port}"
tls = "none"
password_env = "SECRET"
to = "bob"
`,
  )
  poplar(['user', 'add', 'bob', '--password-stdin', '--config', config], 'secret')
  return {
    command: [process.execPath, cli, 'collect', 'run', '--config', config],
    env: { SECRET: secret },
    mailFile: join(place, 'data', 'poplar.sqlite'),
    stored() {
      const [bob] = JSON.parse(poplar(['user', 'list', '--json', '--config', config])) as {
        usedMessages: number
      }[]
      return bob?.usedMessages ?? 0
    },
  }
}

function poplar(args: readonly string[], input = ''): string {
  const done = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', input })
  if (done.status !== 0) throw new Error(`poplar ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}
