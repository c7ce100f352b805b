// Recorded sessions: cut at every octet they are the same; with any octet changed, or ended anywhere, they give the same
// messages or an error of the client's own, never a part of a message, never a wait without end.
import { describe, expect, it } from 'vitest'
import { Pop3Error } from '../../../src/pop3/client/index.ts'
import { type Played, play, type Recording } from './recording.ts'

const answers = [
  'A: b\r\n\r\n..dot\r\n...\r\n.. \r\n\r\n.\r\n',
  'Long: \xe9\0\r\n\r\n\r\r\n\n\r\nlast\r\n.\r\n',
  '.\r\n',
  '..\r\n.\r\n',
  'x.\r\n.\r\n',
] as const
const messages = [
  'A: b\r\n\r\n.dot\r\n..\r\n. \r\n\r\n',
  'Long: \xe9\0\r\n\r\n\r\r\n\n\r\nlast\r\n',
  '',
  '.\r\n',
  'x.\r\n',
]
const sizes = messages.map(({ length }) => length)
const listing = sizes.map((octets, index) => `${index + 1} ${octets} id-${index + 1}`)

function recording(...tags: string[]): Recording {
  return new Map([
    ['', '+OK POP3 ready <1896.697170952@dbc.mtview.ca.us>\r\n'],
    ['CAPA', `+OK list follows\r\n${tags.map(tag => `${tag}\r\n`).join('')}.\r\n`],
    ['USER ann', '+OK\r\n'],
    ['PASS sesame', '+OK maildrop ready\r\n'],
    ['LIST', `+OK 5 messages\r\n${sizes.map((octets, index) => `${index + 1} ${octets}\r\n`).join('')}.\r\n`],
    ['UIDL', `+OK\r\n${sizes.map((_, index) => `${index + 1} id-${index + 1}\r\n`).join('')}.\r\n`],
    ...answers.flatMap((answer, index): [string, string][] => [
      [`RETR ${index + 1}`, `+OK ${sizes[index]} octets\r\n${answer}`],
      [`DELE ${index + 1}`, '+OK marked\r\n'],
    ]),
    ['QUIT', '+OK [X] bye\r\n'],
  ])
}

const recordings = [
  ['one by one', recording('USER', 'TOP', 'UIDL')],
  ['ahead', recording('USER', 'TOP', 'UIDL', 'PIPELINING', 'RESP-CODES')],
] as const
const whole: Played = { messages, listing, end: 'committed 5' }
const patienceMs = 60_000
/** Waits that end in an error are as short as can be, those of the test itself as long as it takes. */
const impatienceMs = 25

/** Of the server, with CAPA twice. */
function octetsOf(recorded: Recording): number {
  return [...recorded.values(), recorded.get('CAPA') ?? ''].reduce((sum, { length }) => sum + length, 0)
}

/** Some at a time, so that those which wait do not wait for each other. */
async function forEach<T>(items: readonly T[], test: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const work = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await test(item)
  }
  await Promise.all(Array.from({ length: 64 }, work))
}

/**
 * What the answer to RETR says, found in another way than the client does; undefined when it is none, or does not end, or goes
 * on behind its end.
 */
function messageIn(answer: string): string | undefined {
  const [, text] = /^\+OK(?:[ \t][^\n]*)?\r?\n([^]*)$/i.exec(answer) ?? []
  const lines = (text ?? '').split('\n')
  const end = lines.findIndex(line => line === '.' || line === '.\r')
  if (text === undefined || end !== lines.length - 2 || lines.at(-1) !== '') return undefined
  return lines
    .slice(0, end)
    .map(line => `${line.replace(/^\./, '')}\n`)
    .join('')
}

describe.each(recordings)('a recorded session, %s', (_how, recorded) => {
  const places = Array.from({ length: octetsOf(recorded) }, (_, at) => at)

  it('is itself', async () => {
    expect(await play(recorded, { patienceMs })).toEqual(whole)
  })

  it('is the same when it is cut anywhere', async () => {
    await forEach(places, async place => {
      const cut = (octets: Buffer, at: number) => {
        const inside = Math.max(0, Math.min(octets.length, place - at))
        return [octets.subarray(0, inside), octets.subarray(inside)].filter(({ length }) => length > 0)
      }
      expect(await play(recorded, { cut, patienceMs }), `cut at ${place}`).toEqual(whole)
    })
  })

  it.each([1, 2, 3, 7])('is the same in pieces of %d octets', async size => {
    const cut = (octets: Buffer) =>
      Array.from({ length: Math.ceil(octets.length / size) }, (_, index) =>
        octets.subarray(index * size, (index + 1) * size),
      )
    expect(await play(recorded, { cut, patienceMs })).toEqual(whole)
  })

  it('gives no part of a message when it ends anywhere', async () => {
    await forEach(places, async endsAt => {
      const { messages: given, end } = await play(recorded, { endsAt, patienceMs })
      expect(given, `ended at ${endsAt}`).toEqual(messages.slice(0, given.length))
      if (end !== 'unknown 5') expect(end, `ended at ${endsAt}`).toBeInstanceOf(Pop3Error)
    })
  })

  it.each([
    ['a bit of case', (octet: number) => octet ^ 0x20],
    ['the lowest bit', (octet: number) => octet ^ 1],
    ['the highest bit', (octet: number) => octet ^ 0x80],
    ['all of it, to LF', () => 10],
    ['all of it, to a dot', () => 46],
    ['all of it, to NUL', () => 0],
  ])('gives the messages that are there, or an error, when in any octet is changed %s', async (_what, flip) => {
    await forEach(places, async place => {
      const expected: (string | undefined)[] = [...messages]
      const change = (octets: Buffer, at: number) => {
        const octet = octets[place - at]
        if (octet === undefined) return octets
        const changed = Buffer.from(octets)
        changed[place - at] = flip(octet)
        const index = answers.findIndex(
          (_, number) => octets.toString('latin1') === recorded.get(`RETR ${number + 1}`),
        )
        if (index >= 0) expected[index] = messageIn(changed.toString('latin1'))
        return changed
      }
      const { messages: given, end } = await play(recorded, { change, patienceMs: impatienceMs })
      const why = `changed at ${place}`
      if (typeof end !== 'string') expect(end, why).toBeInstanceOf(Pop3Error)
      // What was meant is right, too. Another is not, unless the session fails and nobody could have told.
      for (const [index, message] of given.entries())
        if (message !== messages[index] && (expected[index] !== undefined || typeof end === 'string'))
          expect(message, why).toBe(expected[index])
    })
  })
})
