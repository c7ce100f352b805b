// `poplar deliver`, as mail systems run it: the message that arrives, and the codes of sysexits.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stripFromLine } from '../../src/cli/deliver.ts'
import { gather, inPieces } from '../store/archive/nasty.ts'
import { cheapConfig, Workplace } from './workplace.ts'

let place: Workplace
/** The only message of ann, as an mbox shows it. */
async function delivered(): Promise<string> {
  await place.run('export ann mbox out')
  return readFileSync(join(place.folder, 'out'), 'latin1')
}

describe('deliver', () => {
  beforeEach(async () => {
    place = new Workplace()
    await place.run('user add ann --password-stdin', 'x')
  })
  afterEach(() => place.remove())

  it('adds the trace fields and says nothing', async () => {
    const outcome = await place.run('deliver ann -f bob@example.org', 'Subject: x\n\n.\nno end')
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
    const text = await delivered()
    expect(text).toMatch(
      /\nReturn-Path: <bob@example\.org>\nDelivered-To: ann\nReceived: by [^;]+;\n\t[^\n]+\nSubject: x\n\n\.\nno end\n\n$/,
    )
  })

  it.each([
    [
      'deliver ann',
      'From bob@example.org Fri Nov 20 19:17:00 2026\nA: b\n',
      'bob@example.org',
      'of the From_ line',
    ],
    ['deliver ann', 'From MAILER-DAEMON Fri Nov 20 19:17:00 2026\nA: b\n', '', 'none in the From_ line'],
    [
      'deliver ann -f <cid@example.org>',
      'From bob@example.org x\nA: b\n',
      'cid@example.org',
      'of the option, before',
    ],
    ['deliver ann -f <>', 'A: b\n', '', 'none'],
    ['deliver ann', 'A: b\n', '', 'none given'],
  ])('%s | %j: the sender is %j, %s', async (args, input, sender) => {
    expect(await place.run(args, input)).toMatchObject({ code: 0 })
    const text = await delivered()
    expect(text).toContain(`Return-Path: <${sender}>\n`)
    expect(text).toMatch(/\nA: b\n\n$/)
    expect(text.match(/^From /gm)).toHaveLength(1)
  })

  it('delivers to aliases and sub-addresses', async () => {
    await place.run('alias add info ann')
    for (const address of ['info', 'ann+lists', 'ann@example.net'])
      expect(await place.run(`deliver ${address}`, 'A: b\n')).toMatchObject({ code: 0 })
    expect(await delivered()).toContain('Delivered-To: ann+lists\n')
  })

  it.each([
    ['deliver nobody', 67, /nobody has no account here/, 'EX_NOUSER: no such account'],
    ['deliver ann@foreign.example', 67, /has no account here/, 'EX_NOUSER: not our domain'],
    ['deliver', 64, /missing required argument/, 'EX_USAGE: no recipient'],
    ['deliver ann --nonsense', 64, /unknown option/, 'EX_USAGE: no such option'],
    ['deliver ann -f a\u0001b', 64, /is no address/, 'EX_USAGE: no address'],
    ['deliver ann --config none.toml', 78, /none\.toml/, 'EX_CONFIG: no configuration'],
  ])('%s ends with %i and %s: %s', async (args, code, says) => {
    const outcome = await place.run(args, 'A: b\n')
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(says)
  })

  it('asks to come again when the account is over quota: EX_TEMPFAIL', async () => {
    await place.run('user quota ann 100')
    expect(await place.run('deliver ann', 'A: b\n')).toMatchObject({ code: 75 })
    expect(await place.json('user list')).toMatchObject([{ usedMessages: 0 }])
  })

  it('asks to come again where the office is not there, perhaps not yet: EX_TEMPFAIL', async () => {
    place.configure(`data = "unmounted"\n${cheapConfig}`)
    const outcome = await place.run('deliver ann', 'A: b\n')
    expect(outcome).toMatchObject({ code: 75, stdout: '' })
    expect(outcome.stderr).toMatch(/there is no office in .*unmounted \(.*poplar\.toml\); `poplar serve`/)
    expect(readdirSync(place.folder)).not.toContain('unmounted')
  })

  it('refuses for good what is too large: EX_DATAERR', async () => {
    place.configure(`${cheapConfig}[smtp]\nsize = "64KiB"\n`)
    expect(await place.run('deliver ann', `A: b\n\n${'x'.repeat(70_000)}`)).toMatchObject({ code: 65 })
  })
})

describe('a From_ line in front', () => {
  const lines = [
    ['From a@b x\nA: b\n', 'A: b\n', 'a@b', 'is cut off'],
    ['From a@b x', 'From a@b x', '', 'without a line end is none'],
    [
      `From a@b ${'x'.repeat(3000)}\nA: b\n`,
      `From a@b ${'x'.repeat(3000)}\nA: b\n`,
      '',
      'that never ends is none',
    ],
    ['From: a@b\n', 'From: a@b\n', '', 'is no From field'],
    ['', '', '', 'and nothing else'],
  ] as const
  for (const [input, rest, sender, reason] of lines)
    it(reason, async () => {
      for (const size of [1, 5, 1000]) {
        const message = await stripFromLine(inPieces(Buffer.from(input), size))
        expect(message.sender).toBe(sender)
        expect((await gather(message.octets)).toString()).toBe(rest)
      }
    })
})
