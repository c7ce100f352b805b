// curl's pop3:// against the real server: scan listing, one message, custom commands.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'
import { awkwardMessages, behindTrace, fingerprint } from './awkward-messages.ts'
import { type InteropServer, startServer } from './server.ts'

let server: InteropServer

beforeAll(async () => {
  server = await startServer(['curl'])
})
afterAll(() => server?.close())

/** Output of one curl session; `path` is a message number or nothing. */
function curl(path: string, ...options: readonly string[]): Promise<Buffer> {
  const url = `pop3://127.0.0.1:${server.ports.pop3}/${path}`
  return runOrFail('curl', ['--silent', '--show-error', '--user', 'curl:curl-secret', ...options, url])
}

describe('curl', () => {
  itWith('curl', 'lists, retrieves every awkward message octet for octet, shows its top', async () => {
    await server.deliver('curl', awkwardMessages)
    const listing = (await curl('')).toString().trimEnd().split('\r\n')
    const received: Buffer[] = []
    for (const [index, line] of listing.entries()) {
      const message = await curl(String(index + 1))
      expect(line).toBe(`${index + 1} ${message.length}`)
      received.push(message)
    }
    expect(received.map(message => fingerprint(behindTrace(message)))).toEqual(
      awkwardMessages.map(({ content }) => fingerprint(content)),
    )
    const top = await curl('', '--request', 'TOP 1 1')
    const end = received[0]!.indexOf('\r\n\r\n') + 4
    expect(top.toString('latin1')).toBe(`${received[0]!.toString('latin1', 0, end)}.one\r\n`)
  })

  itWith('curl', 'deletes by a custom command, and the unique-ids of the others stay', async () => {
    const uidls = async () =>
      (await curl('', '--request', 'UIDL'))
        .toString()
        .trimEnd()
        .split('\r\n')
        .map(line => line.split(' ')[1])
    const before = await uidls()
    expect(before).toHaveLength(awkwardMessages.length)
    await curl('2', '--request', 'DELE', '--head')
    expect(await uidls()).toEqual(before.toSpliced(1, 1))
  })
})
