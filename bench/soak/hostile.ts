// Clients that mean harm or are broken. Nothing they do may end the server, hold it, or touch anybody's mail. They come from
// addresses of their own, so that what is counted against them is not counted against the honest.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Field, note } from './field.ts'
import { Peer } from './peer.ts'

type Act = (field: Field, from: string) => Promise<void>

/** Longer than any line may be. */
const hugeLine = 'X'.repeat(200_000)
const lingerMs = 3_000

/** In the order of a newcomer's imagination. */
const acts: Readonly<Record<string, Act>> = {
  garbage: async ({ pop3Port, random }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    const octets = Array.from({ length: random.between(1, 5_000) }, () =>
      String.fromCharCode(random.between(0, 255)),
    )
    peer.send(octets.join(''))
    await linger(peer)
  },
  'endless line': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    peer.send(hugeLine)
    await peer.closed()
  },
  'TLS on a clear port': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    peer.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
    await peer.closed()
  },
  'clear text on a TLS port': async ({ pop3sPort }, from) => {
    const peer = await Peer.connect(pop3sPort, from)
    peer.send('USER ann\r\nPASS x\r\n')
    await peer.closed()
  },
  'half a handshake': async ({ pop3sPort }, from) => {
    const peer = await Peer.connect(pop3sPort, from)
    peer.send('\x16\x03\x01\x02\x00\x01\x00')
    await linger(peer)
  },
  'text behind STLS': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    peer.send('STLS\r\nUSER ann\r\n')
    await peer.closed()
  },
  'open, and silent': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    await linger(peer)
  },
  'a command octet by octet': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    await peer.line()
    for (const octet of 'NOOP\r\nCAPA\r') {
      peer.send(octet)
      await sleep(20)
    }
    peer.drop()
  },
  guessing: async ({ pop3Port, random, accounts }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    await peer.line()
    const name = random.chance(0.5) ? random.one(accounts) : `nobody${random.between(1, 999)}`
    await peer.ask(`USER ${name}@elsewhere`)
    peer.send(`PASS guess${random.between(1, 999)}\r\n`)
    await linger(peer)
  },
  'a bomb of commands': async ({ pop3Port }, from) => {
    const peer = await Peer.connect(pop3Port, from)
    peer.send('NOOP\r\nCAPA\r\nSTAT\r\n'.repeat(2_000))
    await peer.closed()
  },
  'a reader who does not read': async (field, from) => {
    const peer = await logInToLoot(field, from)
    peer.send('RETR 1\r\n'.repeat(500))
    peer.pause()
    await linger(peer)
  },
  'a holder of the lock': async (field, from) => {
    const peer = await logInToLoot(field, from)
    await linger(peer)
  },
  'wrong numbers': async (field, from) => {
    const peer = await logInToLoot(field, from)
    for (const number of ['0', '-1', '99999999999999999999', '1e3', '٣', '1 2 3'])
      await peer.ask(`RETR ${number}`)
    peer.drop()
  },
  'mail without an end': async ({ lmtpPort }, from) => {
    const peer = await Peer.connect(lmtpPort, from)
    peer.send(`LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\nDATA\r\n`)
    peer.send('no end of it\r\n'.repeat(20_000))
    peer.drop()
  },
  smuggling: async ({ smtpPort }, from) => {
    const peer = await Peer.connect(smtpPort, from)
    peer.send('EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@soak.example>\r\nDATA\r\n\n.\nMAIL FROM:<>\r\n')
    await linger(peer)
  },
}

const names = Object.keys(acts)

/** One of them. Throws `Gone` when the office is away, or has had enough. */
export async function harm(field: Field): Promise<void> {
  const { random } = field
  const name = random.one(names)
  note(field, `hostile: ${name}`)
  await acts[name]?.(field, `127.0.0.${random.between(2, 250)}`)
}

async function logInToLoot({ pop3Port, loot, password }: Field, from: string): Promise<Peer> {
  const peer = await Peer.connect(pop3Port, from)
  await peer.line()
  await peer.ask(`USER ${loot}`)
  await peer.ask(`PASS ${password}`)
  return peer
}

/** Stays for a while, then is gone without a word. */
async function linger(peer: Peer): Promise<void> {
  await sleep(lingerMs)
  peer.drop()
}
