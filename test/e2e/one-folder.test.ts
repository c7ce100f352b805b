// One data folder: a second server is refused and says who holds it; commands work beside the running one.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { logIn, readMaildrop } from './maildrop.ts'
import { Office } from './office.ts'

let office: Office
let second: Office

beforeAll(async () => {
  office = await Office.open(['ann'])
  second = await Office.create({ data: office.data })
})
afterAll(async () => {
  await second?.close()
  await office?.close()
})

it('refuses a second server with exit code 1, naming the process that holds the folder', async () => {
  expect(await second.startInVain()).toBe(1)
  expect(second.output).toContain(String(office.pid))
  const peer = await logIn(office, 'ann')
  expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
})

it('lets a user be added, mail be delivered and a lock be broken beside the running server', async () => {
  await office.run(['user', 'add', 'late', '--password-stdin'], 'late-secret\n')
  await office.run(['deliver', 'late'], 'Subject: no final newline\n\n.dot\nlast')
  const [message] = await readMaildrop(office, 'late')
  expect(message?.content.toString('latin1')).toMatch(/Subject: no final newline\r\n\r\n\.dot\r\nlast\r\n$/)

  const peer = await logIn(office, 'late')
  await peer.ask('DELE 1')
  expect(await office.run(['locks', 'list'])).toContain('late')
  await office.run(['locks', 'break', 'late'])
  expect(await peer.ask('QUIT')).toMatch(/^-ERR/)
  expect(await readMaildrop(office, 'late')).toHaveLength(1)
})

it('starts again on the folder once the first server has ended', async () => {
  expect(await office.signal('SIGTERM')).toBe(0)
  await second.start()
  const peer = await logIn(second, 'ann')
  expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  expect(await second.signal('SIGTERM')).toBe(0)
})
