// `poplar collect login` as somebody runs it on a machine without a browser: what the browser elsewhere ends at is pasted.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { browse, clientId, clientSecret, type OpenId, startOpenId } from '../pop3/collector/oauth/open-id.ts'
import { cheapConfig, cli, Workplace } from './workplace.ts'

let openId: OpenId
const work = new Workplace()
beforeAll(async () => {
  openId = await startOpenId()
  writeFileSync(join(work.folder, 'client'), clientSecret, { mode: 0o600 })
  work.configure(`${cheapConfig}
[[collect]]
name = "far"
server = "pop3s://ann@pop.example.net"
to = "ann"
oauth = { provider = "${openId.issuer}", client_id = "${clientId}", client_secret = "client", flow = "browser" }
`)
  const added = await work.run('user add ann --password-stdin', 'a password of ann')
  if (added.code !== 0) throw new Error(added.stderr)
})
afterAll(async () => {
  await openId.close()
  work.remove()
})

/** Runs it; `stdout()` and `stderr()` are what has come so far. */
function start() {
  const child = spawn(process.execPath, [cli, 'collect', 'login', 'far'], {
    cwd: work.folder,
    env: { ...process.env, POPLAR_KEY: '1'.repeat(64) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const seen = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      seen[name] += chunk.toString()
    })
  const see = async (name: 'stdout' | 'stderr', pattern: RegExp) => {
    for (;;) {
      const [found] = pattern.exec(seen[name]) ?? []
      if (found !== undefined) return found
      if (child.exitCode !== null) throw new Error(`it has ended: ${seen.stdout}${seen.stderr}`)
      await Promise.race([once(child[name], 'data'), once(child, 'close')])
    }
  }
  return { child, seen, see }
}

it('takes the address that was pasted, after a sentence about one that is none, and shows no code', async () => {
  const { child, seen, see } = start()
  const url = await see('stdout', /http:\S+/)
  const ending = await browse(url, { stopAt: new URL(url).searchParams.get('redirect_uri') ?? '' })
  const code = new URL(ending).searchParams.get('code') ?? ''
  child.stdin.write(`${ending.replace('state=', 'estate=')}\n`)
  await see('stderr', /that address is the answer to another login.*\n/)
  // Standard input stays open, as that of a terminal does.
  child.stdin.write(`${ending}\n`)
  expect(await once(child, 'close')).toEqual([0, null])
  expect(seen.stdout).toMatch(/logged in to http.* as ann$/m)
  expect(code).toMatch(/./)
  expect(seen.stdout + seen.stderr).not.toContain(code)
  expect(readdirSync(join(work.folder, 'poplar-data', 'tokens'))).toEqual(['far.token'])
})

it('takes what the browser brings when nothing can be pasted', async () => {
  const { child, see } = start()
  child.stdin.end()
  await browse(await see('stdout', /http:\S+/))
  expect(await once(child, 'close')).toEqual([0, null])
})
