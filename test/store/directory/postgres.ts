// A real PostgreSQL on a loopback port, in a folder of its own; as the user postgres when the tests run as root, which
// it refuses.
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { runOrFail } from '../../e2e/program.ts'
import { freePort, missing, newFolder } from './peers.ts'

const programs = '/usr/lib/postgresql/15/bin'

export const postgresIsMissing = missing(join(programs, 'postgres'))

export interface PostgresServer {
  readonly url: string
  readonly run: (sql: string, values?: readonly unknown[]) => Promise<void>
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Stops it for good and removes the folder. */
  readonly remove: () => Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const folder = newFolder()
  const port = await freePort()
  const data = join(folder.path, 'data')
  const url = `postgres://postgres:unused@127.0.0.1:${port}/postgres`
  await own(folder.path)
  await asPostgres('initdb', [
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ])
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -k ${folder.path} -c fsync=off`
  const start = async () => {
    await asPostgres('pg_ctl', ['-D', data, '-w', '-l', join(folder.path, 'log'), '-o', options, 'start'])
  }
  const stop = async () => {
    await asPostgres('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop'])
  }
  await start()
  return {
    url,
    async run(sql, values = []) {
      const client = new pg.Client(url)
      await client.connect()
      try {
        await client.query(sql, [...values])
      } finally {
        await client.end()
      }
    },
    start,
    stop,
    async remove() {
      await stop().catch(() => {}) // a test may have left it stopped
      folder.remove()
    },
  }
}

const isRoot = process.getuid?.() === 0

async function asPostgres(program: string, args: readonly string[]): Promise<void> {
  const path = join(programs, program)
  const drop = ['--reuid=postgres', '--regid=postgres', '--clear-groups', path]
  await (isRoot ? runOrFail('setpriv', [...drop, ...args], { cwd: '/' }) : runOrFail(path, args))
}

async function own(folder: string): Promise<void> {
  if (!isRoot) return
  const [uid = 0, gid = 0] = await Promise.all(
    ['-u', '-g'].map(async flag => Number((await runOrFail('id', [flag, 'postgres'])).toString())),
  )
  chownSync(folder, uid, gid)
}
