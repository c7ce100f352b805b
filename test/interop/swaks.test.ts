// swaks hands mail in by SMTP and by LMTP; POP3 shows it octet for octet.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { LinePeer, stuff } from '../e2e/line-peer.ts'
import { Office } from '../e2e/office.ts'
import { itWith, runOrFail, runProgram } from '../e2e/program.ts'
import { awkwardMessages, behindTrace, fingerprint } from './awkward-messages.ts'

let office: Office
let folder: string

beforeAll(async () => {
  office = await Office.open(['ann', 'bob'])
  folder = mkdtempSync(join(tmpdir(), 'interop-swaks-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await office?.close()
})

async function received(user: string): Promise<Buffer[]> {
  const peer = await LinePeer.logIn(office.ports.pop3, user, `${user}-secret`)
  const count = Number((await peer.ask('STAT')).split(' ')[1])
  const messages: Buffer[] = []
  for (let number = 1; number <= count; number++) messages.push(await peer.askBody(`RETR ${number}`))
  await peer.ask('QUIT')
  return messages
}

const session = (protocol: 'ESMTP' | 'LMTP', to: string) => [
  ...['--server', '127.0.0.1', '--port', String(protocol === 'LMTP' ? office.ports.lmtp : office.ports.smtp)],
  ...['--protocol', protocol, '--helo', 'swaks.test.example', '--from', 'ann@elsewhere.example', '--to', to],
]

describe('swaks', () => {
  itWith('swaks', 'hands in every awkward message by SMTP and LMTP, octet for octet', async () => {
    for (const [protocol, user] of [
      ['ESMTP', 'ann'],
      ['LMTP', 'bob'],
    ] as const) {
      for (const { name, content } of awkwardMessages) {
        const file = join(folder, 'message')
        // Left to itself, swaks adds an empty line: it is given what goes over the wire, but for the last CRLF.
        writeFileSync(file, stuff(content).subarray(0, -2))
        await runOrFail('swaks', [...session(protocol, user), '--no-data-fixup', '--data', `@${file}`]).catch(
          (error: Error) => {
            throw new Error(`${name}: ${error.message}`)
          },
        )
      }
      const messages = await received(user)
      expect(messages.map(message => fingerprint(behindTrace(message)))).toEqual(
        awkwardMessages.map(({ content }) => fingerprint(content)),
      )
      expect(messages[0]!.toString('latin1')).toMatch(/^Return-Path: <ann@elsewhere\.example>\r\n/)
    }
  })

  itWith('swaks', 'is told at RCPT that there is no such user', async () => {
    const { code, stdout } = await runProgram('swaks', session('ESMTP', 'nobody'))
    expect(code).toBe(24) // swaks: no recipient was accepted
    expect(stdout.toString()).toMatch(/550 5\.1\.1 /)
  })
})
