// `poplar serve --test`, as a program: how it starts and ends, and that curl and Python have all they need.

import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { endServers, type ReadyLine, ServerProcess } from './server.ts'
import { cli, Workplace } from './workplace.ts'

interface TestReadyLine extends ReadyLine {
  readonly hostname: string
  readonly api: string
  readonly mailboxes: readonly { readonly name: string; readonly password: string }[]
}

let place: Workplace
beforeEach(() => {
  place = new Workplace('no configuration is read')
})
afterEach(async () => {
  await endServers()
  place.remove()
})

const serve = (...args: readonly string[]) => new ServerProcess(place, ['--test', '--ephemeral', ...args])
const ready = async (server: ServerProcess) => (await server.ready()) as TestReadyLine

describe('the start', () => {
  it('says where what listens, who has a mailbox, and last of all that it is ready', async () => {
    const server = serve('--user', 'ann:a:b')
    await server.says(/^ready$/m)
    expect(server.stdout).toMatch(
      /^Poplar \S+, a mail office for tests: [^\n]*\n(?: {2}(?:POP3S?|SMTPS?|LMTP) on 127\.0\.0\.1:\d+\n){5} {2}HTTP on http:\/\/127\.0\.0\.1:\d+\/api\/v1\n {2}user ann, password a:b\nready\n$/,
    )
  })

  it('is one line of JSON with --json', async () => {
    const server = serve('--json', '--user', 'Ann', '--password', 'sesame', '--hostname', 'mail.example')
    const line = await ready(server)
    const port = expect.any(Number) as number
    expect(line).toEqual({
      ready: true,
      pid: server.pid,
      hostname: 'mail.example',
      listeners: ['pop3', 'pop3s', 'smtp', 'smtps', 'lmtp', 'http'].map(service => ({
        service,
        address: '127.0.0.1',
        port,
      })),
      api: `http://127.0.0.1:${await server.portOf('http')}/api/v1`,
      mailboxes: [
        { name: 'ann', address: 'ann@mail.example', password: 'sesame', token: expect.any(String) as string },
      ],
    })
  })

  it('takes the ports it is given, and names one that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const args = ['--test', '--ephemeral', '--port', `http=${port}`]
    const inVain = new ServerProcess(place, args)
    expect(await inVain.exit).toBe(1)
    expect(inVain.stderr).toMatch(new RegExp(`^poplar: cannot listen on 127\\.0\\.0\\.1:${port}: .*\n$`))
    taken.close()
    await once(taken, 'close')
    const server = new ServerProcess(place, [...args, '--json'])
    expect(await server.portOf('http')).toBe(port)
  })

  it.each([
    ['serve --ephemeral', /--ephemeral is for `serve --test`/],
    ['serve --test --demo', /cannot be used with/],
    ['serve --test --port imap=1', /one of pop3, pop3s, smtp, smtps, lmtp, http/],
    ['serve --test --allow-origin http://a/b', /an origin such as/],
  ])('is wrong usage: %s', async (line, why) => {
    const { code, stderr } = await place.run(line)
    expect(code).toBe(2)
    expect(stderr).toMatch(why)
  })
})

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('comes with %s, whoever waits', async signal => {
    const server = serve('--json')
    const { api } = await ready(server)
    const waiting = fetch(`${api}/wait?timeout=60000`).catch(() => 'cut')
    await fetch(`${api}/office`)
    expect(await server.kill(signal)).toBe(0)
    expect(await waiting).toBe('cut')
  })

  it('comes with that of standard input, if it is told so', async () => {
    const { code, stdout } = await place.run('serve --test --ephemeral --until-stdin-ends')
    expect([code, stdout.endsWith('ready\n')]).toEqual([0, true])
  })
})

describe('what is kept and who receives', () => {
  it('is as it is told', async () => {
    const { api } = await ready(serve('--json', '--known-only', '--keep', '1', '--user', 'ann'))
    const deliver = (to: string, subject: string) =>
      fetch(`${api}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to, subject }),
      })
    expect((await deliver('bob', 'x')).status).toBe(422)
    for (const subject of ['one', 'two']) expect((await deliver('ann', subject)).status).toBe(201)
    expect(await (await fetch(`${api}/messages`)).json()).toMatchObject({ messages: [{ subject: 'two' }] })
  })

  it('is asked by the names, and by the pages, that it is told', async () => {
    const origin = 'http://app.example'
    const { api } = await ready(serve('--json', '--allow-host', 'mail', '--allow-origin', origin))
    const asked = await fetch(`${api}/office`, { headers: { origin } })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([200, origin])
    const { stdout } = {
      stdout: (await runOrFail('curl', ['-s', '-H', 'Host: mail', `${api}/office`])).toString(),
    }
    expect(stdout).toContain('office.test')
  })
})

describe('other languages', () => {
  itWith('curl', 'curl sends, waits, looks, makes faults, and deletes', async () => {
    const { api, listeners } = await ready(serve('--json', '--password', 'sesame'))
    const port = (service: string) => listeners.find(each => each.service === service)?.port
    const curl = async (...args: readonly string[]) => (await runOrFail('curl', ['-sS', ...args])).toString()
    const letter = join(place.folder, 'letter.eml')
    writeFileSync(letter, 'Subject: Hi\r\n\r\nPIN: 4711\r\n')
    const envelope = ['--mail-from', 'a@example.com', '--mail-rcpt', 'b@example.net']
    await curl(`smtp://127.0.0.1:${port('smtp')}`, ...envelope, '-T', letter)
    const message = JSON.parse(await curl('-f', `${api}/wait?to=b@example.net`)) as { id: string }
    expect(message).toMatchObject({ subject: 'Hi', codes: ['4711'] })
    expect(await curl('-f', `${api}/messages/${message.id}/raw`)).toMatch(
      /\r\nSubject: Hi\r\n\r\nPIN: 4711\r\n$/,
    )

    const fetched = ['-u', 'b@example.net:sesame', `pop3://127.0.0.1:${port('pop3')}/1`]
    await curl('-f', '--json', '{"fault":"in-use","nth":1}', `${api}/chaos`)
    await expect(curl(...fetched)).rejects.toThrow('curl ended with 67')
    expect(await curl(...fetched)).toContain('PIN: 4711')

    const { certificate } = JSON.parse(await curl('-f', `${api}/office`)) as { certificate: string }
    const ca = join(place.folder, 'ca.pem')
    writeFileSync(ca, certificate)
    const overTls = ['--cacert', ca, '-u', 'b@example.net:sesame', `pop3s://localhost:${port('pop3s')}/1`]
    expect(await curl(...overTls)).toContain('PIN: 4711')

    expect(await curl('-f', '-X', 'DELETE', `${api}/messages?subject=hi`)).toBe('{"deleted":1}\n')
    const refused = await curl('-w', '%{http_code} %{content_type}', `${api}/messages/${message.id}`)
    expect(refused).toMatch(/^\{"status":404,[^\n]*\n404 application\/problem\+json$/)
  })

  itWith('python3', 'examples/testing/sign_up_test.py passes', async () => {
    const poplar = join(place.folder, 'poplar')
    writeFileSync(poplar, `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`)
    chmodSync(poplar, 0o755)
    const example = resolve(import.meta.dirname, '../../examples/testing/sign_up_test.py')
    const env = { PATH: `${place.folder}:${process.env['PATH']}` }
    // Its report is on standard error: that it succeeds is what it says by its exit code.
    await runOrFail('python3', ['-B', example, '-v'], { env, cwd: place.folder })
  })
})
