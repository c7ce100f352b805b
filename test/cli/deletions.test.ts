// `poplar deletions` and `poplar undelete --session`: what a real session deleted is told, and comes back.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { logIn, uidlsOf } from '../e2e/maildrop.ts'
import { Office } from '../e2e/office.ts'

let office: Office
beforeEach(async () => {
  office = await Office.open(['ann'])
})
afterEach(() => office.close())

interface Line {
  readonly uidl: string
  readonly sessionId?: string
}

async function deletions(...more: readonly string[]): Promise<readonly Line[]> {
  return JSON.parse(await office.run(['deletions', 'ann', '--json', ...more])) as readonly Line[]
}

async function deleteFirst(): Promise<string> {
  const peer = await logIn(office, 'ann')
  const [first = ''] = await uidlsOf(peer)
  await peer.ask('DELE 1')
  expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  await peer.end()
  return first
}

it('tells who deleted what in which session, which then comes back alone', async () => {
  for (const subject of ['one', 'two', 'three'])
    await office.run(['deliver', 'ann'], `Subject: ${subject}\n\n`)
  const one = await deleteFirst()
  const two = await deleteFirst()
  const lines = await deletions()
  expect(lines).toMatchObject(
    [one, two].map(uidl => ({
      uidl,
      actor: 'ann',
      peer: '127.0.0.1',
      protocol: 'pop3',
      folder: 'INBOX',
      reason: 'dele',
      fate: 'expunged',
    })),
  )
  const [first, second] = lines.map(({ sessionId = '' }) => sessionId)
  expect(first).not.toBe(second)
  // The same name as in the log.
  expect(office.output).toContain(`${first}`)
  expect(await deletions('--session', `${second}`)).toMatchObject([{ uidl: two }])
  expect(await deletions('--limit', '1')).toMatchObject([{ uidl: two }])
  expect(await deletions('--since', '2999-01-01')).toEqual([])

  expect(await office.run(['undelete', 'ann', '--session', `${first}`])).toBe('brought back 1 of ann\n')
  expect(await office.run(['undelete', 'ann', '--message', two])).toBe('brought back 1 of ann\n')
  const peer = await logIn(office, 'ann')
  expect((await uidlsOf(peer)).slice(1)).toEqual([one, two])
  await peer.ask('QUIT')
  await peer.end()
}, 60_000)

it('is a table for people, of removed accounts too', async () => {
  await office.run(['deliver', 'ann'], 'Subject: one\n\n')
  await office.run(['user', 'remove', 'ann', '--yes'])
  const [title, line, ...more] = (await office.run(['deletions', 'ann'])).trimEnd().split('\n')
  expect(title).toMatch(/^TIME +BY +FROM +SESSION +FOLDER +UIDL +SIZE +WHY +BECAME$/)
  expect(line).toMatch(
    /Z +poplar user remove by uid \d+ +- +- +INBOX +\S+ +\d+ B +the account was removed +expunged$/,
  )
  expect(more).toEqual([])
  await expect(office.run(['deletions', 'ann', '--limit', '0'])).rejects.toThrow(/ended with 2/)
}, 60_000)
