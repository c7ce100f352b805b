// The POP3 modules of Python and Perl, each as a program against the real server: octets, listings, unique-ids that
// outlive sessions and restarts, deletion at QUIT and only there.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { awkwardMessages, behindTrace, fingerprint, withLf } from './awkward-messages.ts'
import { type InteropServer, startServer } from './server.ts'

interface Session {
  readonly octets: number
  readonly listing: readonly number[]
  readonly uidls: readonly string[]
  readonly messages: readonly Buffer[]
}

interface Client {
  readonly name: string
  readonly program: string
  readonly script: string
  /** What the module does to line ends. */
  readonly asItGivesThem: (content: Buffer) => Buffer
}

const clients: readonly Client[] = [
  { name: 'poplib', program: 'python3', script: 'poplib_session.py', asItGivesThem: content => content },
  { name: 'Net::POP3', program: 'perl', script: 'net_pop3_session.pl', asItGivesThem: withLf },
]

const users = clients.flatMap((_, index) => [`reader${index}`, `keeper${index}`])
let server: InteropServer

beforeAll(async () => {
  server = await startServer(users)
})
afterAll(() => server?.close())

async function session(
  { program, script }: Client,
  user: string,
  fate: 'keep' | 'delete',
  end: 'quit' | 'drop',
): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  try {
    const file = resolve(import.meta.dirname, 'clients', script)
    const args = [file, String(server.ports.pop3), user, `${user}-secret`, folder, fate, end]
    const output = JSON.parse((await runOrFail(program, args)).toString()) as Omit<Session, 'messages'>
    const messages = readdirSync(folder)
      .sort((a, b) => Number(a) - Number(b))
      .map(name => readFileSync(join(folder, name)))
    return { ...output, messages }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.each(clients.map((client, index) => ({ ...client, index })))('$name', ({ index, ...client }) => {
  itWith(client.program, 'gets every awkward message octet for octet', async () => {
    await server.deliver(`reader${index}`, awkwardMessages)
    const { messages, listing, octets } = await session(client, `reader${index}`, 'keep', 'quit')
    expect(messages.map(message => fingerprint(behindTrace(message)))).toEqual(
      awkwardMessages.map(({ content }) => fingerprint(client.asItGivesThem(content))),
    )
    expect(octets).toBe(listing.reduce((sum, size) => sum + size))
    if (client.asItGivesThem === withLf) return
    expect(listing).toEqual(messages.map(message => message.length))
  })

  itWith(
    client.program,
    'sees the same unique-ids in every session; deletes at QUIT and only there',
    async () => {
      const user = `keeper${index}`
      const sent = awkwardMessages.slice(0, 3)
      await server.deliver(user, sent)
      const first = await session(client, user, 'keep', 'quit')
      expect(new Set(first.uidls).size).toBe(sent.length)
      await server.restart?.()
      const second = await session(client, user, 'delete', 'drop')
      expect(second.uidls).toEqual(first.uidls)
      const third = await session(client, user, 'delete', 'quit')
      expect(third.uidls).toEqual(first.uidls)
      expect(third.messages).toEqual(first.messages)
      await server.deliver(user, sent.slice(0, 1))
      const fourth = await session(client, user, 'keep', 'quit')
      expect(fourth.uidls).toHaveLength(1)
      expect(first.uidls).not.toContain(fourth.uidls[0])
    },
  )
})
