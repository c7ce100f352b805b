// An IMAP server that says what a test has written down: for what real servers do wrong.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What is sent for a command, without its tag; `undefined` sends nothing, `end` closes behind it. `%` is the tag. */
export type ImapAnswer = readonly [pattern: RegExp, answer: string | undefined, then?: 'end' | undefined]

export interface ImapScript {
  readonly port: number
  /** Commands without their tags, in order. */
  readonly commands: readonly string[]
  close(): Promise<void>
}

const usual: readonly ImapAnswer[] = [
  [/^CAPABILITY/, '* CAPABILITY IMAP4rev1 UIDPLUS\r\n% OK\r\n'],
  [/^LOGIN/, '% OK\r\n'],
  [/^NAMESPACE/, '* NAMESPACE (("" "/")) NIL NIL\r\n% OK\r\n'],
  [/^LIST/, '* LIST () "/" "INBOX"\r\n% OK\r\n'],
  [/^LSUB/, '% OK\r\n'],
  [
    /^(?:SELECT|EXAMINE)/,
    '* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n% OK [READ-ONLY] x\r\n',
  ],
  [/^FETCH 1:\* /, '* 1 FETCH (UID 9 RFC822.SIZE 10 INTERNALDATE "01-Jan-2026 00:00:00 +0000")\r\n% OK\r\n'],
  [/^LOGOUT/, '* BYE x\r\n% OK\r\n', 'end'],
  [/./, '% OK\r\n'],
]

/** The first answer that fits is given; behind those given come the usual ones. */
export async function imapScript(
  answers: readonly ImapAnswer[],
  greeting = '* OK x\r\n',
): Promise<ImapScript> {
  const commands: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.write(greeting, 'latin1')
    let pending = ''
    socket.on('data', chunk => {
      pending += chunk.toString('latin1')
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        answer(socket, pending.slice(0, end))
        pending = pending.slice(end + 2)
      }
    })
  })
  const answer = (socket: Socket, line: string) => {
    const [, tag = '', command = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    commands.push(command)
    const [, text, then] = [...answers, ...usual].find(([pattern]) => pattern.test(command)) ?? []
    if (text !== undefined) socket.write(text.replaceAll('%', tag), 'latin1')
    if (then === 'end') socket.end()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
