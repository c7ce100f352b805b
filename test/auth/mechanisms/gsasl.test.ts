// GNU SASL as the peer, line by line over pipes: its client logs in to our server, our client to its server.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect } from 'vitest'
import { cramMd5Client } from '../../../src/auth/mechanisms/cram-md5-client.ts'
import { loginClient } from '../../../src/auth/mechanisms/login-client.ts'
import { plainClient } from '../../../src/auth/mechanisms/plain-client.ts'
import { scramClient } from '../../../src/auth/mechanisms/scram-client.ts'
import type { SaslStep } from '../../../src/auth/sasl.ts'
import type { SaslClient } from '../../../src/auth/sasl-client.ts'
import { itWith } from '../../e2e/program.ts'
import { mechanismNamed } from './converse.ts'
import { endPointOctets, fakeVerifier, accountName as name, password } from './fake-verifier.ts'

/** Either side of it asks once more after the last word, and is content with an empty line. */
interface Peer {
  /** The octets it says next; undefined when it has ended. */
  hear(): Promise<Uint8Array | undefined>
  say(octets: Uint8Array): void
  /** Its exit code. */
  end(): Promise<number | null>
}

function startGsasl(...args: readonly string[]): Peer {
  const child: ChildProcessWithoutNullStreams = spawn('gsasl', args, {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  child.stdin.on('error', () => {})
  child.stderr.resume()
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // The mechanism's name comes first.
  const begun = lines.next()
  return {
    async hear() {
      await begun
      const line: IteratorResult<string, unknown> = await lines.next()
      return line.done ? undefined : Buffer.from(line.value, 'base64')
    },
    say: octets => child.stdin.write(`${Buffer.from(octets).toString('base64')}\n`),
    async end() {
      child.stdin.end()
      const [code] = await ended
      return code
    },
  }
}

/** The end of our exchange, and whether gsasl was content. */
async function serveGsasl(mechanism: string, secret: string): Promise<readonly [SaslStep, number | null]> {
  const peer = startGsasl(
    '--client',
    '-m',
    mechanism,
    '-a',
    name,
    '-p',
    secret,
    '--hostname',
    'h',
    ...(mechanism === 'PLAIN' ? ['-z', ''] : []),
  )
  const exchange = mechanismNamed(mechanism).begin(fakeVerifier({ channel: undefined }))
  const initial = await peer.hear()
  let step = await exchange.next(initial?.length === 0 ? undefined : initial)
  while (step.kind === 'challenge') {
    peer.say(step.octets)
    step = await exchange.next(await peer.hear())
  }
  if (step.kind === 'success' && step.octets) peer.say(step.octets)
  peer.say(new Uint8Array(0))
  return [step, await peer.end()]
}

/** Whether gsasl let us in, and whether our client is content. */
async function logInToGsasl(
  client: SaslClient,
  ...args: readonly string[]
): Promise<readonly [number | null, boolean]> {
  const peer = startGsasl('--server', '-m', client.name, '-p', password, ...args)
  for (let isFirst = true; !client.isComplete; isFirst = false) {
    const challenge = await peer.hear()
    if (challenge === undefined) break
    const response = await client.next(isFirst && challenge.length === 0 ? undefined : challenge)
    peer.say(response ?? new Uint8Array(0))
  }
  peer.say(new Uint8Array(0))
  return [await peer.end(), client.isComplete]
}

describe.each([
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
])('gsasl logs in by %s', mechanism => {
  itWith('gsasl', 'with the right password', async () => {
    const [step, code] = await serveGsasl(mechanism, password)
    expect(step).toMatchObject({ kind: 'success' })
    expect(code).toBe(0)
  })

  itWith('gsasl', 'not with another', async () => {
    const [step] = await serveGsasl(mechanism, 'other')
    expect(step).toEqual({ kind: 'failure', reason: 'refused' })
  })
})

const clients: readonly (readonly [title: string, make: (password: string) => SaslClient])[] = [
  ['PLAIN', secret => plainClient({ name, password: secret })],
  ['LOGIN', secret => loginClient({ name, password: secret })],
  ['CRAM-MD5', secret => cramMd5Client({ name, password: secret })],
  ['SCRAM-SHA-1', secret => scramClient({ name, password: secret }, { hash: 'SHA-1' })],
  ['SCRAM-SHA-256', secret => scramClient({ name, password: secret }, { hash: 'SHA-256' })],
]

describe.each(clients)('we log in to gsasl by %s', (_, make) => {
  itWith('gsasl', 'with the right password', async () => {
    expect(await logInToGsasl(make(password), '--iteration-count', '4096')).toEqual([0, true])
  })

  itWith('gsasl', 'not with another', async () => {
    const [code] = await logInToGsasl(make('other'), '--iteration-count', '4096')
    expect(code).not.toBe(0)
  })
})

describe('a server without our channel', () => {
  itWith('gsasl', 'is not bound to', async () => {
    const binding = { type: 'tls-server-end-point', octets: endPointOctets } as const
    const client = scramClient({ name, password }, { hash: 'SHA-256', binding })
    const [code, isComplete] = await logInToGsasl(client, '--iteration-count', '4096')
    expect(code).not.toBe(0)
    expect(isComplete).toBe(false)
  })
})
