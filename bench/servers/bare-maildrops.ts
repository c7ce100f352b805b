// A single-process POP3 server that answers from memory. It checks no password, locks nothing, deletes nothing and stores
// nothing; it shows what Node's sockets alone allow on this machine.
import { createServer, type Socket } from 'node:net'
import { type MaildropPlan, stuffed } from '../corpus.ts'

interface Prepared {
  readonly stat: string
  readonly list: Buffer
  readonly uidl: Buffer
  readonly retr: readonly Buffer[]
}

/** Listens on that port of 127.0.0.1 for as long as the process lives. */
export function listenBare(plans: readonly MaildropPlan[], port: number): void {
  const maildrops = new Map(plans.map(plan => [plan.name, prepare(plan)]))
  createServer(socket => serve(socket, maildrops)).listen(port, '127.0.0.1', 1024)
}

function serve(socket: Socket, maildrops: ReadonlyMap<string, Prepared>): void {
  let name = ''
  let rest = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.write('+OK bare\r\n')
  socket.on('data', chunk => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    if (lines.length > 1) socket.cork()
    for (const line of lines) {
      if (line.startsWith('USER ')) name = line.slice(5)
      const reply = answer(line, maildrops.get(name))
      if (line === 'QUIT') socket.end(reply)
      else socket.write(reply)
    }
    if (lines.length > 1) socket.uncork()
  })
}

const capabilities = '+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n'

function answer(line: string, maildrop: Prepared | undefined): string | Buffer {
  if (line === 'CAPA') return capabilities
  if (/^(?:USER|PASS|QUIT|DELE|NOOP|RSET)/.test(line)) return '+OK\r\n'
  if (!maildrop) return '-ERR\r\n'
  if (line.startsWith('RETR ')) return maildrop.retr[Number(line.slice(5)) - 1] ?? '-ERR\r\n'
  if (line === 'STAT') return maildrop.stat
  if (line === 'LIST') return maildrop.list
  if (line === 'UIDL') return maildrop.uidl
  return '-ERR\r\n'
}

function prepare({ messageCount, message }: MaildropPlan): Prepared {
  const messages = Array.from({ length: messageCount }, (_, index) => message(index))
  const sizes = messages.map(({ octets }) => octets.length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const listing = (field: (index: number) => string) =>
    Buffer.from(`+OK\r\n${sizes.map((_, index) => `${index + 1} ${field(index)}\r\n`).join('')}.\r\n`)
  return {
    stat: `+OK ${messageCount} ${total}\r\n`,
    list: listing(index => String(sizes[index])),
    uidl: listing(index => `0123456789abcdef${index}`),
    retr: messages.map(message => Buffer.concat([Buffer.from('+OK\r\n'), stuffed(message)])),
  }
}
