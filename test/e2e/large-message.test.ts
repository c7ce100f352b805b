// Invariant 7: a message of 200 MB goes in by SMTP and out by POP3, octet for octet, while the whole process stays under
// 200 MB of memory at its peak.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LinePeer, stuff } from './line-peer.ts'
import { logIn } from './maildrop.ts'
import { Office } from './office.ts'

const blockCount = 200
const block = Buffer.from(
  `${'.A line that begins with a dot.\r\n'}${'A line of a large message, one of very many.\r\n'.repeat(21_800)}`,
)
const stuffedBlock = stuff(block).subarray(0, -3)
const head = Buffer.from('Subject: large\r\nX-Begin: here\r\n\r\n')
const contentOctets = head.length + blockCount * block.length

let office: Office

beforeAll(async () => {
  office = await Office.open(['ann'], { tables: '[smtp]\nsize = "300MiB"' })
})
afterAll(() => office?.close())

/** The server's peak resident memory so far, in octets. */
function peakMemory(): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${office.pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}

async function send(): Promise<string> {
  const peer = await LinePeer.connect(office.ports.smtp)
  await peer.smtpReply()
  for (const command of ['EHLO test.example', 'MAIL FROM:<>', 'RCPT TO:<ann>', 'DATA'])
    await peer.askSmtp(command)
  peer.write(head)
  for (let number = 0; number < blockCount; number++) {
    if (!peer.socket.write(stuffedBlock)) await once(peer.socket, 'drain')
  }
  peer.write('.\r\n')
  const reply = await peer.smtpReply()
  peer.drop()
  return reply
}

/** RETR without keeping the message: its octets as sent, and their hash from `X-Begin` on. */
async function retrieve(): Promise<{ wireOctets: number; hash: string }> {
  const peer = await logIn(office, 'ann')
  const socket = peer.socket
  socket.pause()
  socket.removeAllListeners('data')
  const hash = createHash('sha256')
  let wireOctets = 0
  let first = true
  let tail = Buffer.alloc(0)
  const done = new Promise<void>((resolve, reject) => {
    socket.on('end', () => reject(new Error('the connection ended in mid-message')))
    socket.on('data', (chunk: Buffer) => {
      const octets = Buffer.concat([tail, chunk])
      const begin = first ? octets.indexOf('X-Begin') : 0
      if (begin < 0) {
        tail = octets
        return
      }
      first = false
      const ended = octets.subarray(-5).toString('latin1') === '\r\n.\r\n'
      const safe = ended ? octets.length - 3 : octets.length - 5
      hash.update(octets.subarray(begin, safe))
      wireOctets += safe - begin
      tail = octets.subarray(safe)
      if (ended) resolve()
    })
  })
  peer.write('RETR 1\r\n')
  socket.resume()
  await done
  peer.drop()
  return { wireOctets, hash: hash.digest('hex') }
}

function expectedHash(): string {
  const hash = createHash('sha256').update(head.subarray(head.indexOf('X-Begin')))
  for (let number = 0; number < blockCount; number++) hash.update(stuffedBlock)
  return hash.digest('hex')
}

it('streams in and out within 200 MB of memory', async context => {
  if (!existsSync('/proc/self/status')) context.skip('no /proc/PID/status to read peak memory from')
  expect(contentOctets).toBeGreaterThan(200_000_000)
  expect(await send()).toMatch(/^250/)
  const afterSending = peakMemory()

  const peer = await logIn(office, 'ann')
  const listed = Number((await peer.ask('LIST 1')).split(' ')[2])
  await peer.ask('QUIT')
  await peer.end()
  expect(listed).toBeGreaterThan(contentOctets)

  const { wireOctets, hash } = await retrieve()
  expect(hash).toBe(expectedHash())
  expect(wireOctets).toBe(contentOctets + blockCount - head.indexOf('X-Begin'))
  expect({ afterSending, peak: peakMemory() }).toSatisfy(
    (memory: { peak: number }) => memory.peak < 200_000_000,
    'the peak of the resident memory is under 200 MB',
  )
}, 120_000)
