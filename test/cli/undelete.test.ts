// `poplar undelete`: what a client took away comes back; and how times are written.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseTime } from '../../src/cli/undelete.ts'
import { LinePeer } from '../e2e/line-peer.ts'
import { Office } from '../e2e/office.ts'

let office: Office
beforeEach(async () => {
  office = await Office.open(['ann'])
})
afterEach(() => office.close())

async function uidls(): Promise<string> {
  const peer = await LinePeer.logIn(office.ports.pop3, 'ann', 'ann-secret')
  const listing = (await peer.askBody('UIDL')).toString()
  await peer.ask('QUIT')
  return listing
}

describe('undelete', () => {
  it('brings messages back while the office runs, at the end, UIDLs unchanged', async () => {
    for (const text of ['one', 'two']) await office.run(['deliver', 'ann'], `Subject: ${text}\n`)
    const [, one, two] = /^1 (\S+)\r\n2 (\S+)\r\n$/.exec(await uidls()) ?? []
    const peer = await LinePeer.logIn(office.ports.pop3, 'ann', 'ann-secret')
    await peer.ask('DELE 1')
    await peer.ask('QUIT')
    expect(await office.run(['undelete', 'ann', '--dry-run'])).toBe('would bring back 1 of ann\n')
    expect(await office.run(['undelete', 'ann', '--since', '2999-01-01'])).toBe('brought back 0 of ann\n')
    expect(await uidls()).toBe(`1 ${two}\r\n`)
    expect(JSON.parse(await office.run(['undelete', 'ann', '--since', '1h', '--json']))).toEqual({
      user: 'ann',
      messages: 1,
      dryRun: false,
    })
    expect(await uidls()).toBe(`1 ${two}\r\n2 ${one}\r\n`)
  })

  it('fails for nobody', async () => {
    await expect(office.run(['undelete', 'nobody'])).rejects.toThrow(/there is no account nobody/)
  })
})

describe('times', () => {
  const now = Date.UTC(2026, 10, 20, 19, 17)

  it.each([
    ['2026-11-20', '2026-11-20T00:00:00.000Z', 'a day, UTC'],
    ['2026-11-20T19:17', '2026-11-20T19:17:00.000Z', 'a minute, UTC'],
    ['2026-11-20T19:17:05Z', '2026-11-20T19:17:05.000Z', 'a second'],
    ['2026-11-20T19:17+01:00', '2026-11-20T18:17:00.000Z', 'a zone'],
    ['30m', '2026-11-20T18:47:00.000Z', 'minutes ago'],
    ['2h', '2026-11-20T17:17:00.000Z', 'hours ago'],
    ['3d', '2026-11-17T19:17:00.000Z', 'days ago'],
    ['1w', '2026-11-13T19:17:00.000Z', 'weeks ago'],
  ])('%s is %s: %s', (text, time) => {
    expect(parseTime(text, now).toISOString()).toBe(time)
  })

  it.each([
    '',
    'yesterday',
    '2',
    '-2h',
    '2 h',
    '2026-13-01',
    '2026-11-20T25:00',
    '20.11.2026',
    '2026-11-20x',
  ])('%j is none', text => {
    expect(() => parseTime(text, now)).toThrow(/is no time such as/)
  })
})
