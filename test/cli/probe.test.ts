// `poplar probe`, as a program: a table or JSON, and an exit code.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { ProbeReport } from '../../src/pop3/probe/probe.ts'
import { startTestOffice } from '../../src/testing/index.ts'
import { scriptedServer } from '../pop3/client/scripted-server.ts'
import { Workplace } from './workplace.ts'

let place: Workplace
beforeAll(() => {
  place = new Workplace()
})
afterAll(() => place.remove())

const options = ['--tls', 'none', '--allow-cleartext', '--patience', '0.5', '--password-stdin']

it('says what a server does, in a table and as JSON', async () => {
  const office = await startTestOffice({ users: [{ name: 'ann', password: 'sesame' }] })
  onTestFinished(() => office.close())
  await office.deliver({ to: 'ann@office.test', subject: 'one', text: 'hello' })
  const args = ['probe', `pop3://ann@127.0.0.1:${office.pop3.port}`, ...options]
  const table = await place.run(args, 'sesame\n')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/^WHAT +STATE +FINDING\nCAPA in clear +well +USER, /)
  expect(table.stdout).toMatch(/^sizes +well +LIST and RETR agree to the octet in 1 of 1 messages$/m)
  const report = JSON.parse((await place.run([...args, '--json'], 'sesame\n')).stdout) as ProbeReport
  expect(report).toMatchObject({ host: '127.0.0.1', port: office.pop3.port, tls: null, quirks: {} })
  expect(report.findings.length).toBeGreaterThan(20)
})

it('ends with 1 where something is wrong, and shows no password and nothing that steers a terminal', async () => {
  const server = await scriptedServer([[/^PASS /, '-ERR \x1b[2Jno sesame\r\n']], '+OK \x1b[2J\r\n')
  onTestFinished(() => server.close())
  const { code, stdout } = await place.run(
    ['probe', `pop3://ann@127.0.0.1:${server.port}`, ...options],
    'sesame\n',
  )
  expect(code).toBe(1)
  expect(stdout).toMatch(/^login +wrong +PASS was refused$/m)
  expect(stdout).not.toMatch(/sesame|\x1b/)
})

it.each([
  ['IMAP', '* OK hello\r\n', /^poplar: IMAP answers there, not POP3\n$/],
  ['a flood', 'x'.repeat(1 << 20), /^poplar: a line of more than/],
])('ends with 2 where there is %s', async (_what, greeting, says) => {
  const server = await scriptedServer([], greeting)
  onTestFinished(() => server.close())
  const { code, stderr } = await place.run(['probe', `pop3://127.0.0.1:${server.port}`])
  expect(stderr).toMatch(says)
  expect(code).toBe(2)
})

it('says where TLS meets a server in clear', async () => {
  const server = await scriptedServer([])
  onTestFinished(() => server.close())
  const { code, stderr } = await place.run(['probe', `pop3s://127.0.0.1:${server.port}`])
  expect(stderr).toBe(`poplar: no TLS with 127.0.0.1 port ${server.port}: the server speaks in clear there\n`)
  expect(code).toBe(2)
})
