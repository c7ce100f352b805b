// IMAP servers that do not behave: none ends the process, none gets a message twice or loses one, none hangs it up.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { imapDestination } from '../../../../src/pop3/collector/destinations/imap.ts'
import { plainLetter, storing } from './letters.ts'

type Answer = (tag: string, rest: string) => string | null

/** By command; what a well-behaved server with an empty folder says. */
const usual: Record<string, Answer> = {
  CAPABILITY: tag => `* CAPABILITY IMAP4rev1 UIDPLUS\r\n${tag} OK done\r\n`,
  LOGIN: tag => `${tag} OK in\r\n`,
  AUTHENTICATE: tag => `${tag} NO use LOGIN\r\n`,
  NAMESPACE: tag => `* NAMESPACE (("" "/")) NIL NIL\r\n${tag} OK done\r\n`,
  LIST: tag => `* LIST () "/" INBOX\r\n${tag} OK done\r\n`,
  LSUB: tag => `${tag} OK done\r\n`,
  EXAMINE: tag =>
    `* FLAGS ()\r\n* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n${tag} OK [READ-ONLY] done\r\n`,
  'UID SEARCH': tag => `* SEARCH\r\n${tag} OK done\r\n`,
  APPEND: tag => `${tag} OK [APPENDUID 7 1] done\r\n`,
  NOOP: tag => `${tag} OK done\r\n`,
  LOGOUT: tag => `* BYE\r\n${tag} OK done\r\n`,
}

let server: Server | undefined
const sockets = new Set<Socket>()

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  server?.close()
  if (server?.listening) await once(server, 'close')
})

async function serve(answers: Record<string, Answer> = {}, greeting: string | null = '* OK here\r\n') {
  const commands: string[] = []
  server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    if (greeting !== null) socket.write(greeting)
    let text = ''
    let literal = 0
    let pending = ''
    const answer = (line: string) => {
      const [, tag = '', command = '', rest = ''] = /^(\S+) ((?:UID )?\S+) ?(.*)/s.exec(line) ?? []
      commands.push(command.toUpperCase())
      const reply = (answers[command.toUpperCase()] ?? usual[command.toUpperCase()])?.(tag, rest) ?? null
      if (reply !== null) socket.write(reply)
    }
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (;;) {
        if (literal > 0) {
          if (text.length < literal) return
          pending += text.slice(0, literal)
          text = text.slice(literal)
          literal = 0
        }
        const end = text.indexOf('\r\n')
        if (end < 0) return
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        const size = /\{(\d+)(\+?)\}$/.exec(line)
        if (!size) {
          answer(pending + line)
          pending = ''
          continue
        }
        pending += line
        literal = Number(size[1])
        if (size[2] === '') socket.write('+ go on\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const destination = imapDestination('d', {
    ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: 'none', folder: 'INBOX' },
    login: { user: 'ann', secret: () => Promise.resolve({ kind: 'password', password: 'hunter2' }) },
    timeoutMs: 400,
  })
  return { destination, commands }
}

it('with a server that behaves, stores', async () => {
  const { destination, commands } = await serve()
  expect(await destination.store(plainLetter(1), storing())).toBe('stored')
  expect(await destination.store(plainLetter(2), storing())).toBe('stored')
  expect(commands.filter(command => command === 'APPEND')).toHaveLength(2)
  expect(commands.filter(command => command === 'LOGIN')).toHaveLength(1)
  await destination.close()
})

it('what was read of a folder is not read again by the next run', async () => {
  const { destination, commands } = await serve({
    'UID SEARCH': (tag, rest) =>
      rest.startsWith('UID 1:*') ? `* SEARCH 4 5\r\n${tag} OK done\r\n` : `* SEARCH\r\n${tag} OK done\r\n`,
    'UID FETCH': tag => `${tag} OK done\r\n`,
  })
  await destination.store(plainLetter(1), storing())
  await destination.close()
  await destination.store(plainLetter(2), storing())
  expect(commands.filter(command => command === 'LOGIN')).toHaveLength(2)
  expect(commands.filter(command => command === 'UID FETCH')).toHaveLength(1)
})

const answering =
  (text: string): Answer =>
  tag =>
    text.replaceAll('TAG', tag)

it.each([
  ['APPEND', 'TAG NO [OVERQUOTA] no room\r\n', 'full'],
  ['APPEND', 'TAG NO [LIMIT] slowly\r\n', 'full'],
  ['APPEND', 'TAG NO [TOOBIG] too big\r\n', 'message'],
  ['APPEND', 'TAG NO no\r\n', 'message'],
  ['APPEND', 'TAG BAD what\r\n', 'message'],
  ['APPEND', 'TAG NO [UNAVAILABLE] later\r\n', 'unavailable'],
  ['APPEND', 'TAG NO [NOPERM] not yours\r\n', 'configuration'],
  ['LOGIN', 'TAG NO [AUTHENTICATIONFAILED] hunter2 is wrong\r\n', 'configuration'],
  ['LOGIN', 'TAG NO hunter2\r\n', 'configuration'],
  ['LOGIN', 'TAG NO [UNAVAILABLE] hunter2\r\n', 'unavailable'],
  ['UID SEARCH', 'TAG NO not implemented\r\n', 'unavailable'],
])('%s answered %j is %s', async (command, text, fault) => {
  const { destination } = await serve({ [command]: answering(text) })
  const error: unknown = await destination.store(plainLetter(1), storing()).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'DestinationError', fault })
  expect(JSON.stringify([String(error), String((error as Error).cause)])).not.toContain('hunter2')
})

it.each<[string, Record<string, Answer>, (string | null)?]>([
  ['says nothing', {}, null],
  ['speaks POP3', {}, '+OK here\r\n'],
  ['says goodbye', {}, '* BYE busy\r\n'],
  ['never answers an APPEND', { APPEND: () => null }],
  ['never answers a SEARCH', { 'UID SEARCH': () => null }],
  ['answers with nonsense', { EXAMINE: () => '* (((((\r\n\0\0 {99999999999}\r\n' }],
  ['announces a literal without end', { 'UID SEARCH': () => '* 1 FETCH (BODY[] {4294967295}\r\nx' }],
  ['has a line without end', { EXAMINE: () => `* OK ${'x'.repeat(6_000_000)}` }],
])('a server that %s is unavailable', async (_, answers, greeting) => {
  const { destination } = await serve(answers, greeting)
  const error: unknown = await destination.store(plainLetter(1), storing()).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'DestinationError', fault: 'unavailable' })
  expect(String(error).length).toBeLessThan(500)
})

it('UIDs of messages that are not there, or not ours, are no reason not to store', async () => {
  const { destination, commands } = await serve({
    'UID SEARCH': tag => `* SEARCH 1 2 4294967295\r\n${tag} OK done\r\n`,
    'UID FETCH': tag =>
      `* 1 FETCH (UID 1 BODY[HEADER.FIELDS (X-Poplar-Delivery)] {8}\r\nnonsense)\r\n${tag} OK done\r\n`,
  })
  expect(await destination.store(plainLetter(1), storing())).toBe('stored')
  expect(commands.filter(command => command === 'APPEND')).toHaveLength(1)
})

it('stops at once when it is told to', async () => {
  const stopping = new AbortController()
  const { destination, commands } = await serve({ APPEND: () => null })
  const running = destination.store(plainLetter(1), storing(stopping.signal))
  await expect.poll(() => commands.includes('APPEND')).toBe(true)
  stopping.abort()
  await expect(running).rejects.toMatchObject({ fault: 'unavailable', message: 'stopped' })
})
