// Invariant 8 on the built command: a thousand connections of garbage on every port leave the same process serving.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deliverByLmtp, LinePeer } from './line-peer.ts'
import { readMaildrop } from './maildrop.ts'
import { Office } from './office.ts'

let office: Office

beforeAll(async () => {
  office = await Office.open(['ann'])
})
afterAll(() => office?.close())

/** The same garbage in every run: `octets` octets from a seed. */
function garbage(seed: number, octets: number): Buffer {
  const blocks: Buffer[] = []
  for (let i = 0; i * 64 < octets; i++) blocks.push(createHash('sha512').update(`${seed}/${i}`).digest())
  return Buffer.concat(blocks).subarray(0, octets)
}

/** What is sent, by turns; each is a way to trip a line reader or a state machine. */
const attacks: readonly ((seed: number) => Buffer)[] = [
  seed => garbage(seed, 3000),
  seed =>
    Buffer.concat([Buffer.from('USER '), garbage(seed, 200), Buffer.from('\r\nPASS x\r\nLIST 1.5\r\n')]),
  () => Buffer.from('\0'.repeat(2000)),
  () => Buffer.from('\r\n\n\r\r\n'.repeat(300)),
  () => Buffer.from('A'.repeat(100_000)),
  () => Buffer.from('RETR 4294967297\r\nTOP -1 0x1\r\nCAPA CAPA\r\nQUIT QUIT\r\n'),
  () => Buffer.from('EHLO x\r\nMAIL FROM:<\xff\0>\r\nRCPT TO:<@@@>\r\nDATA\r\n.\r\n', 'latin1'),
  () => Buffer.from('LHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ann>\r\nDATA\r\nSubject: cut'),
  () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  () => Buffer.from('160301020001000001fc0303', 'hex'), // the beginning of a TLS handshake
]

/** Sends, then drops the connection at once, half-closes it, or waits for the server's end. */
async function attack(port: number, seed: number): Promise<void> {
  const peer = await LinePeer.connect(port).catch(() => undefined)
  if (!peer) return
  peer.write(attacks[seed % attacks.length]!(seed))
  if (seed % 3 === 0) peer.socket.resetAndDestroy()
  else peer.socket.end()
  await peer.end()
}

it('serves on after a thousand connections of garbage', async () => {
  const ports = [office.ports.pop3, office.ports.smtp, office.ports.lmtp]
  const pid = office.pid
  let next = 0
  const attackers = Array.from({ length: 30 }, async () => {
    for (let seed = next++; seed < 1000; seed = next++) await attack(ports[seed % ports.length]!, seed)
  })
  await Promise.all(attackers)
  const [reply] = await deliverByLmtp(office.ports.lmtp, ['ann'], Buffer.from('Subject: well\r\n\r\n.\r\n'))
  expect(reply).toMatch(/^250/)
  const seen = await readMaildrop(office, 'ann')
  expect(seen.map(({ content }) => content.toString('latin1').slice(-19))).toEqual([
    'Subject: well\r\n\r\n.\r\n'.slice(-19),
  ])
  expect(office.pid).toBe(pid)
}, 120_000)
