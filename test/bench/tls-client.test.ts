// The load generator's TLS is real TLS: a server that is not ours understands it, and an octet amiss is noticed.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect } from 'vitest'
import type { Ticket } from '../../bench/load/tls/hello.ts'
import { TlsClient } from '../../bench/load/tls/tls-client.ts'
import { keyKinds, makeCertificate } from '../../bench/servers/certificate.ts'
import { itWith } from '../e2e/program.ts'

interface Conversation {
  /** What the server sent back of what the client said. */
  readonly echo: string
  readonly tickets: readonly Ticket[]
  readonly resumed: { readonly client: boolean; readonly server: boolean }
}

interface Manner {
  readonly ticket?: Ticket | undefined
  readonly pieceOctets?: number
  /** Changes what came before the client sees it. */
  readonly spoil?: (chunk: Buffer) => void
}

/** Longer than a record, RFC 8446 section 5.1. */
const words = 'RETR 1\r\n'.repeat(5000)

/** Says the words to a server of Node's own, which echoes them. */
async function talk(
  server: Server,
  { ticket, pieceOctets = 1e6, spoil }: Manner = {},
): Promise<Conversation> {
  const resumed = { client: false, server: false }
  server.once('secureConnection', (peer: TLSSocket) => {
    resumed.server = peer.isSessionReused()
    let missing = words.length
    peer.on('error', () => peer.destroy())
    peer.on('data', (octets: Buffer) => {
      missing -= octets.length
      peer.write(octets)
      if (missing === 0) peer.end()
    })
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const tickets: Ticket[] = []
  let echo = ''
  const client = new TlsClient(ticket, {
    send: octets => void socket.write(octets),
    take: octets => {
      echo += octets.toString('latin1')
    },
    opened: isResumed => {
      resumed.client = isResumed
      for (let at = 0; at < words.length; at += 8000) client.write(Buffer.from(words.slice(at, at + 8000)))
    },
    ticket: given => tickets.push(given),
  })
  let failure: Error | undefined
  socket.on('data', chunk => {
    try {
      spoil?.(chunk)
      for (let at = 0; at < chunk.length; at += pieceOctets) {
        client.feed(chunk.subarray(at, at + pieceOctets))
      }
    } catch (error) {
      failure = error as Error
      socket.destroy()
    }
  })
  await once(socket, 'close')
  if (failure) throw failure
  return { echo, tickets, resumed }
}

async function withServer(options: TlsOptions, body: (server: Server) => Promise<void>): Promise<void> {
  const server = createServer(options).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  try {
    await body(server)
  } finally {
    server.close()
    await once(server, 'close')
  }
}

function itTalks(name: string, kind: (typeof keyKinds)[number], body: (server: Server) => Promise<void>) {
  itWith('openssl', name, async () => {
    const files = makeCertificate(kind)
    try {
      const pair = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }
      await withServer(pair, body)
    } finally {
      files.remove()
    }
  })
}

describe('TLS client', () => {
  for (const kind of keyKinds) {
    itTalks(`shakes hands in full, and then resumes: ${kind}`, kind, async server => {
      const first = await talk(server)
      expect(first).toMatchObject({ echo: words, resumed: { client: false, server: false } })
      for (const ticket of first.tickets) {
        const again = await talk(server, { ticket })
        expect(again).toMatchObject({ echo: words, resumed: { client: true, server: true } })
      }
      expect(first.tickets.length).toBeGreaterThan(0)
    })
  }

  itTalks('reads octet by octet', 'ecdsa', async server => {
    expect(await talk(server, { pieceOctets: 1 })).toMatchObject({ echo: words })
  })

  itTalks('shakes hands in full where its ticket means nothing', 'ecdsa', async server => {
    const { tickets } = await talk(server)
    const ticket = tickets[0] && { ...tickets[0], identity: Buffer.alloc(100) }
    expect(await talk(server, { ticket })).toMatchObject({
      echo: words,
      resumed: { client: false, server: false },
    })
  })

  itTalks('is not resumed with a key that it does not have', 'ecdsa', async server => {
    const { tickets } = await talk(server)
    const ticket = tickets[0] && { ...tickets[0], key: Buffer.alloc(32) }
    await expect(talk(server, { ticket })).rejects.toThrow('TLS alert')
  })

  itTalks('notices one octet amiss', 'ecdsa', async server => {
    let octets = 0
    const spoil = (chunk: Buffer) => {
      octets += chunk.length
      if (octets > 10_000) chunk[chunk.length - 1] = (chunk[chunk.length - 1] ?? 0) ^ 1
    }
    await expect(talk(server, { spoil })).rejects.toThrow()
  })

  itTalks('says what a server that speaks no TLS sent', 'ecdsa', async server => {
    const spoil = (chunk: Buffer) => void chunk.fill(0)
    await expect(talk(server, { spoil })).rejects.toThrow('record of type 0')
  })
})
