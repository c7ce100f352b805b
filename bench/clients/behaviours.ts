// What servers and networks do to clients, one behaviour a run, and what the message is that must come of it.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Behaviour {
  readonly title: string
  /** Sent one after the other, each in a packet of its own. */
  readonly greeting?: readonly string[]
  readonly answer?: readonly string[]
  /** What happens behind the answer to RETR. */
  readonly then?: 'drop' | 'idle error'
  readonly user?: string
  /** The message as it must come, in latin1; undefined where an error must come. */
  readonly message: string | undefined
}

/** Whether a message is that of the behaviour, but for what another behaviour asks. */
export function isRight({ title, message }: Behaviour, given: string): boolean {
  const isAboutEnd = title === lastLineEnd
  return given === message || (!isAboutEnd && `${given}\r\n` === message)
}

const lastLineEnd = 'the last CRLF'

const header = 'Subject: x\r\n\r\n'

export const behaviours: readonly Behaviour[] = [
  {
    title: 'a line that begins with a dot',
    answer: [`+OK\r\n${header}..x\r\n.\r\n`],
    message: `${header}.x\r\n`,
  },
  { title: lastLineEnd, answer: [`+OK\r\n${header}x\r\n.\r\n`], message: `${header}x\r\n` },
  { title: 'an octet of 8 bits', answer: [`+OK\r\n${header}\xe9\r\n.\r\n`], message: `${header}\xe9\r\n` },
  {
    title: 'the final line in two packets',
    answer: [`+OK\r\n${header}x\r\n.\r`, '\n'],
    message: `${header}x\r\n`,
  },
  {
    title: 'a packet of a dot inside a line',
    answer: [`+OK\r\n${header}a`, '.', 'b\r\n.\r\n'],
    message: `${header}a.b\r\n`,
  },
  {
    title: 'a status line in two packets',
    answer: ['+OK 12', `0 octets\r\n${header}x\r\n.\r\n`],
    message: `${header}x\r\n`,
  },
  {
    title: 'a greeting in two packets',
    greeting: ['+O', 'K hi\r\n'],
    answer: [`+OK\r\n${header}x\r\n.\r\n`],
    message: `${header}x\r\n`,
  },
  {
    title: 'a connection dropped in mid-message',
    answer: [`+OK\r\n${header}half`],
    then: 'drop',
    message: undefined,
  },
  { title: 'CR and LF in the user name', user: 'bob\r\nDELE 1', message: undefined },
  {
    title: '-ERR while nothing is asked',
    answer: [`+OK\r\n${header}x\r\n.\r\n`],
    then: 'idle error',
    message: `${header}x\r\n`,
  },
]

/** Packets that are to arrive as two need a moment between. */
const betweenPacketsMs = 30

/** A server that behaves so; `lines` is what it was told. */
export async function behave(behaviour: Behaviour) {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.setNoDelay(true).on('error', () => undefined)
    let turn = send(socket, behaviour.greeting ?? ['+OK hi\r\n'])
    let unread = ''
    socket.on('data', chunk => {
      const parts = (unread + chunk.toString('latin1')).split('\r\n')
      unread = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        turn = turn.then(() => reply(socket, line, behaviour))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

async function reply(socket: Socket, line: string, { answer = [], then }: Behaviour): Promise<void> {
  if (/^(?:USER|PASS|DELE|NOOP)/.test(line)) socket.write('+OK\r\n')
  else if (/^(?:LIST|UIDL)$/.test(line)) socket.write('+OK\r\n1 20\r\n.\r\n')
  else if (/^(?:LIST|UIDL) 1$/.test(line)) socket.write('+OK 1 20\r\n')
  else if (line === 'STAT') socket.write('+OK 1 20\r\n')
  else if (line === 'QUIT') socket.end('+OK\r\n')
  else if (line.startsWith('RETR')) {
    await send(socket, answer)
    if (then === 'drop') socket.destroy()
    if (then === 'idle error') {
      await sleep(10 * betweenPacketsMs)
      socket.end('-ERR idle timeout\r\n')
    }
  } else socket.write('-ERR unknown command\r\n')
}

async function send(socket: Socket, packets: readonly string[]): Promise<void> {
  for (const [index, packet] of packets.entries()) {
    if (index > 0) await sleep(betweenPacketsMs)
    socket.write(packet, 'latin1')
  }
}
