// A transcript played again: the same octets on the same connections, each packet after what had come before it.
import { afterEach, describe, expect, it } from 'vitest'
import { bounded } from '../../src/conformance/bounded.ts'
import { Failure, Unable } from '../../src/conformance/case.ts'
import { Play } from '../../src/conformance/play.ts'
import { replay } from '../../src/conformance/replay.ts'
import type { TranscriptEntry } from '../../src/conformance/transcript.ts'
import type { RecordedEntry } from '../../src/conformance/transcript-file.ts'
import { makeCertificate } from '../net/tls-fixtures.ts'
import { answering, type Script, type ScriptedServer, scriptedServer } from './scripted-server.ts'

const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(script: Script): Promise<{ host: string; port: number }> {
  const server = await scriptedServer(script)
  servers.push(server)
  return { host: '127.0.0.1', port: server.port }
}

/** `first * connected`, `second > NOOP`: each line of ours and theirs ends with CRLF. */
function recorded(...lines: readonly string[]): readonly RecordedEntry[] {
  return lines.map((line, atMs) => {
    const [, wire = '', mark, text = ''] = /^(\w+) ([*<>]) (.*)$/.exec(line) ?? []
    const direction = mark === '*' ? 'note' : mark === '>' ? 'sent' : 'received'
    return { atMs, wire, direction, octets: Buffer.from(mark === '*' ? text : `${text}\r\n`) }
  })
}

async function play(
  entries: readonly RecordedEntry[],
  address: { host: string; port: number },
  patienceMs = 2_000,
): Promise<readonly TranscriptEntry[]> {
  const replayed = await replay(entries, { address, tls: { verify: false }, patienceMs })
  expect(replayed.played).toBe(entries.length)
  return replayed.entries
}

describe('a replay', () => {
  it('waits for each answer, and keeps connections apart', async () => {
    const heard: string[] = []
    let connections = 0
    const address = await serve(socket => {
      const name = ++connections
      answering('+OK\r\n', line => {
        heard.push(`${name} ${line}`)
        return `+OK ${line}\r\n`
      })(socket)
    })
    const entries = recorded(
      'first * connected',
      'first < +OK',
      'first > A',
      'second * connected',
      'second < +OK',
      'first < +OK A',
      'second > B',
      'second < +OK B',
      'first > C',
      'first < +OK C',
      'second * cut by us',
    )
    const now = await play(entries, address)
    expect(heard).toEqual(['1 A', '2 B', '1 C'])
    const received = (wire: string) =>
      Buffer.concat(
        now
          .filter(entry => entry.wire === wire && entry.direction === 'received')
          .map(({ octets }) => octets),
      ).toString()
    expect(received('first')).toBe('+OK\r\n+OK A\r\n+OK C\r\n')
    expect(received('second')).toBe('+OK\r\n+OK B\r\n')
  })

  it('goes on when less comes than then', async () => {
    const address = await serve(() => {})
    const entries = recorded('first * connected', 'first < +OK', 'first > A', 'first < +OK A', 'first > B')
    const now = await play(entries, address, 50)
    const sent = now
      .filter(({ direction }) => direction === 'sent')
      .map(({ octets }) => Buffer.from(octets).toString())
    expect(sent).toEqual(['A\r\n', 'B\r\n'])
  })

  it('does again what was done beside', async () => {
    const address = await serve(answering('+OK\r\n', () => '+OK\r\n'))
    const notes: string[] = []
    await replay(recorded('first * connected', 'first < +OK', 'first * delivered plain'), {
      address,
      tls: {},
      patienceMs: 2_000,
      beside: async note => void notes.push(note),
    })
    expect(notes).toEqual(['delivered plain'])
  })

  it('ends at what answered a challenge of then', async () => {
    const address = await serve(answering('+OK\r\n', () => '+OK\r\n'))
    const [connected, sent] = recorded('first * connected', 'first > APOP ann x')
    const entries = [connected, { ...sent, isIncomplete: true }] as readonly RecordedEntry[]
    const { played } = await replay(entries, { address, tls: {}, patienceMs: 2_000 })
    expect(played).toBe(1)
  })

  it('begins TLS where it had begun', async () => {
    const pair = await makeCertificate()
    const server = await scriptedServer(
      answering('+OK hidden\r\n', () => undefined),
      pair,
    )
    servers.push(server)
    const entries = recorded('first * connected, with TLS', 'first < +OK hidden')
    const now = await play(entries, { host: '127.0.0.1', port: server.port })
    expect(now.map(({ octets }) => Buffer.from(octets).toString())).toContain('+OK hidden\r\n')
  })
})

describe('bounded work', () => {
  const never = () => new Promise<never>(() => {})
  const target = { host: '127.0.0.1', port: 1, security: 'clear', tls: {}, patienceMs: 1 } as const
  const somePlay = () => new Play({ target, seed: '', words: {} })

  it('fails when its time is over', async () => {
    await expect(bounded(somePlay(), 20, never)).rejects.toThrow(new Failure('it took longer than 0.02 s'))
  })

  it('is given up when it is stopped', async () => {
    await expect(bounded(somePlay(), 60_000, never, AbortSignal.abort())).rejects.toThrow(Unable)
  })

  it('opens no connection afterwards', async () => {
    const address = await serve(() => {})
    const late = new Play({ target: { ...target, ...address, patienceMs: 2_000 }, seed: '', words: {} })
    await bounded(late, 60_000, async () => 'done')
    await expect(late.open()).rejects.toThrow(Failure)
  })
})
