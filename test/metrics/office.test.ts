// A whole office with metrics on: what it did is what it tells, in a form that Prometheus takes; and its probes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { parseConfig } from '../../src/config.ts'
import { createService, type Service } from '../../src/service.ts'
import { deliverByLmtp, LinePeer } from '../e2e/line-peer.ts'
import { itWith, runOrFail, runProgram } from '../e2e/program.ts'

const message = Buffer.from('Subject: x\r\n\r\nbody\r\n')

let folder = ''
let service: Service
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-metrics-'))
  const config = parseConfig(`
    data = "${folder}"
    hostname = "mail.test.example"
    [listen]
    pop3 = "127.0.0.1:0"
    lmtp = "127.0.0.1:0"
    [pop3]
    max_sessions = 4
    [metrics]
    listen = "127.0.0.1:0"
    [auth]
    argon2_memory = "8MiB"
    argon2_passes = 1
  `)
  service = await createService(config)
  const passwordHash = await hashPassword(Buffer.from('secret'), config.auth.argon2)
  await service.store.addAccount({ name: 'ann', passwordHash })
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

function portOf(name: string): number {
  return service.listeners.find(listener => listener.service === name)?.port ?? 0
}

async function get(path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${portOf('metrics')}${path}`)
}

async function metric(line: string): Promise<number> {
  const text = await (await get('/metrics')).text()
  const found = text.split('\n').find(each => each.startsWith(`${line} `))
  return Number(found?.slice(line.length + 1) ?? Number.NaN)
}

describe('/metrics', () => {
  it('tells of a message that came and went, and of its session while it lasts', async () => {
    expect(await deliverByLmtp(portOf('lmtp'), ['ann@mail.test.example'], message)).toHaveLength(1)
    const peer = await LinePeer.logIn(portOf('pop3'), 'ann', 'secret')
    expect(await metric('poplar_sessions{protocol="pop3",tls="none",state="transaction"}')).toBe(1)
    expect(await metric('poplar_maildrop_locks')).toBe(1)
    await expect(LinePeer.logIn(portOf('pop3'), 'ann', 'secret')).rejects.toThrow('[IN-USE]')
    expect(await peer.ask('STAT')).toMatch(/^\+OK 1 /)
    peer.write('RETR 1\r\n')
    await peer.body()
    await peer.ask('DELE 1')
    await peer.ask('QUIT')

    expect(await metric('poplar_commands_total{protocol="pop3",verb="RETR",result="ok"}')).toBe(1)
    expect(await metric('poplar_command_duration_seconds_count{protocol="pop3",verb="PASS"}')).toBe(2)
    expect(await metric('poplar_commands_total{protocol="pop3",verb="PASS",result="in-use"}')).toBe(1)
    expect(await metric('poplar_logins_total{protocol="pop3",mechanism="PASS",outcome="accepted"}')).toBe(1)
    expect(
      await metric('poplar_logins_total{protocol="pop3",mechanism="PASS",outcome="maildrop-in-use"}'),
    ).toBe(1)
    expect(await metric('poplar_deliveries_total{protocol="lmtp",result="250"}')).toBe(1)
    expect(await metric('poplar_session_ends_total{protocol="pop3",reason="quit"}')).toBe(1)
    expect(await metric('poplar_octets_total{protocol="pop3",direction="out"}')).toBeGreaterThan(
      message.length,
    )
    expect(await metric('poplar_store_commit_duration_seconds_count')).toBeGreaterThanOrEqual(2)
    expect(await metric('poplar_store_changes_total')).toBeGreaterThanOrEqual(2)
    expect(await metric('poplar_store_waiting_writes')).toBe(0)
    expect(await metric('poplar_store_file_bytes')).toBeGreaterThan(8192)
    expect(await metric('poplar_store_cache_reads_total{result="miss"}')).toBeGreaterThanOrEqual(1)
    expect(await metric('poplar_password_checks{state="waiting"}')).toBe(0)
  })

  it('takes no verb and no name from a peer into its labels', async () => {
    const peer = await LinePeer.connect(portOf('pop3'))
    await peer.line()
    await peer.ask('XSECRET1 a')
    await peer.ask('USER xsecret2')
    await peer.ask('PASS xsecret3')
    await peer.ask('AUTH XSECRET4')
    peer.drop()
    const text = await (await get('/metrics')).text()
    expect(text).not.toMatch(/xsecret|127\.0\.0\.1|ann/i)
    expect(await metric('poplar_commands_total{protocol="pop3",verb="other",result="err"}')).toBe(1)
  })

  it('counts connections for which there is no room', async () => {
    const peers = []
    for (let count = 0; count < 5; count++) peers.push(await LinePeer.connect(portOf('pop3')))
    const greetings = await Promise.all(peers.map(peer => peer.line()))
    expect(greetings.filter(line => line.startsWith('-ERR [SYS/TEMP]'))).toHaveLength(1)
    expect(await metric('poplar_connections_turned_away_total{service="pop3",reason="too-many"}')).toBe(1)
    for (const peer of peers) peer.drop()
    // The others need the room.
    while ((await metric('poplar_sessions{protocol="pop3",tls="none",state="authorization"}')) > 0);
  })

  itWith('promtool', 'is as Prometheus wants it', async () => {
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const { code, stdout, stderr } = await runProgram('promtool', ['check', 'metrics'], {
      input: await response.text(),
    })
    expect([code, stdout.toString(), stderr]).toEqual([0, '', ''])
  })

  it('is what docs/metrics.md says', async () => {
    const root = resolve(import.meta.dirname, '../..')
    await runOrFail(process.execPath, ['scripts/metrics-docs.js', '--check'], { cwd: root })
  })
})

describe('probes', () => {
  it('say that all is well', async () => {
    for (const path of ['/healthz', '/readyz']) expect((await get(path)).status).toBe(200)
  })

  it('tell that the office drains, while sessions finish', async () => {
    const peer = await LinePeer.logIn(portOf('pop3'), 'ann', 'secret')
    const drained = service.drain(10_000)
    const response = await get('/readyz')
    expect([response.status, await response.text()]).toEqual([
      503,
      'the office is draining: it takes no new sessions\n',
    ])
    expect((await get('/healthz')).status).toBe(200)
    await peer.ask('QUIT')
    await drained
    await expect(get('/healthz')).rejects.toThrow()
  })
})
