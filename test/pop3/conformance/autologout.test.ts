// The cases that take an hour with `--slow`, with milliseconds in place of minutes: against our server, and against servers
// that do it wrong.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Target } from '../../../src/conformance/play.ts'
import { runCases } from '../../../src/conformance/runner.ts'
import { Pop3Play } from '../../../src/pop3/conformance/play.ts'
import { autologoutCases } from '../../../src/pop3/conformance/sections/rfc1939-autologout.ts'
import { type Office, openOffice, password } from '../office.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function outcomesAt(port: number, times = { allowed: 150, longest: 3_000 }) {
  const target: Target = { host: '127.0.0.1', port, security: 'clear', tls: {}, patienceMs: 5_000 }
  const credentials = { user: 'alice', password }
  const found = new Map<string, string>()
  const runs = runCases({
    cases: autologoutCases(times).map(item => ({ section: 'autologout', item })),
    skips: () => undefined,
    prepare: async () =>
      new Pop3Play({
        target,
        seed: '',
        words: { ...credentials },
        credentials,
        survey: {
          greeting: '',
          apopTimestamp: undefined,
          clear: undefined,
          secured: undefined,
          loggedIn: undefined,
          answers: new Set(),
        },
        letters: [],
        deliver: undefined,
      }),
  })
  for await (const { outcome } of runs) found.set(outcome.id, outcome.outcome)
  return Object.fromEntries(found)
}

async function ours(autologoutMs: number): Promise<Office> {
  const office = await openOffice({
    messages: ['Subject: one\n\n1', 'Subject: two\n\n2', 'Subject: three\n\n3'],
    limits: { autologoutMs, authorizationTimeoutMs: autologoutMs, allowShortAutologout: true },
  })
  closers.push(() => office.stop())
  return office
}

/** A server that says goodbye to silent sessions and deletes what they have marked. Without a time it keeps them for ever. */
async function talkative(autologoutMs: number | undefined): Promise<number> {
  let messages = 3
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let marked = 0
    let timer: NodeJS.Timeout | undefined
    const end = () => {
      messages -= marked
      socket.end('-ERR you are silent\r\n')
    }
    const begin = () => {
      clearTimeout(timer)
      if (autologoutMs !== undefined) timer = setTimeout(end, autologoutMs)
    }
    socket.on('error', () => {})
    socket.on('close', () => clearTimeout(timer))
    socket.on('data', chunk => {
      const line = chunk.toString()
      if (line.startsWith('DELE')) marked++
      if (line.startsWith('QUIT')) socket.end('+OK\r\n')
      else socket.write(`+OK ${messages} 100\r\n`)
      begin()
    })
    socket.write('+OK\r\n')
    begin()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

describe('the cases of silent sessions', () => {
  it('pass where sessions live as long as they may', async () => {
    const { port } = await ours(800)
    expect(await outcomesAt(port)).toEqual({
      'autologout-not-early': 'pass',
      'autologout-not-early-before-login': 'pass',
      'autologout-begins-anew': 'pass',
      'autologout-deletes-nothing': 'pass',
      'autologout-says-nothing': 'pass',
    })
  })

  it('fail where sessions end early', async () => {
    const { port } = await ours(50)
    expect(await outcomesAt(port, { allowed: 2_000, longest: 3_000 })).toMatchObject({
      'autologout-not-early': 'fail',
      'autologout-not-early-before-login': 'fail',
      'autologout-begins-anew': 'fail',
    })
  })

  it('fail where the end is told, and deletes', async () => {
    expect(await outcomesAt(await talkative(800))).toEqual({
      'autologout-not-early': 'pass',
      'autologout-not-early-before-login': 'pass',
      'autologout-begins-anew': 'pass',
      'autologout-deletes-nothing': 'fail',
      'autologout-says-nothing': 'fail',
    })
  })

  it('say nothing of a server that never lets go', async () => {
    const outcomes = await outcomesAt(await talkative(undefined), { allowed: 10, longest: 100 })
    expect(outcomes).toMatchObject({
      'autologout-deletes-nothing': 'skip',
      'autologout-says-nothing': 'skip',
    })
  })
})
