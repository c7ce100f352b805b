// WildDuck's POP3 server with a maildrop that is a folder: port, folder, user, password. Its product keeps mail in MongoDB;
// what is looked at here is its protocol. Copied into the layer of the peer.
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { messagesIn, remove } from './mail-folder.ts'

interface Message {
  readonly id: string
  readonly uid: string
  readonly size: number
  readonly seen: boolean
}

type Callback<T = void> = (error: Error | null, result?: T) => void

interface Options {
  readonly host: string
  readonly port: number
  readonly ignoreSTARTTLS: boolean
  readonly logger: false
  readonly socketTimeout: number
  onAuth(login: { username: string; password: string }, session: unknown, callback: Callback<object>): void
  onListMessages(session: unknown, callback: Callback<object>): void
  onFetchMessage(message: Message, session: unknown, callback: Callback<Readable>): void
  onUpdate(update: { deleted: readonly Message[] }, session: unknown, callback: Callback): void
}

interface Server {
  loggelf: (message: unknown) => void
  on(event: 'error', listener: (error: Error) => void): void
  listen(port: number, host: string): void
}

const [port = '', folder = '', user = '', password = ''] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const Pop3Server = require('@zone-eu/wildduck/lib/pop3/server.js') as new (options: Options) => Server

const server = new Pop3Server({
  host: '127.0.0.1',
  port: Number(port),
  ignoreSTARTTLS: true,
  logger: false,
  socketTimeout: 600_000,
  onAuth(login, _, callback) {
    const isKnown = login.username === user && login.password === password
    callback(null, isKnown ? { user: { id: user, username: user } } : {})
  },
  onListMessages(_, callback) {
    const messages = messagesIn(folder).map(({ name, octets }) => ({
      id: name,
      uid: name,
      size: octets.length,
      seen: true,
    }))
    const size = messages.reduce((sum, message) => sum + message.size, 0)
    callback(null, { messages, count: messages.length, size })
  },
  onFetchMessage({ id }, _, callback) {
    const found = messagesIn(folder).find(({ name }) => name === id)
    if (found) callback(null, Readable.from([found.octets]))
    else callback(new Error('Message does not exist or is already deleted'))
  },
  onUpdate({ deleted }, _, callback) {
    remove(
      folder,
      deleted.map(({ id }) => id),
    )
    callback(null)
  },
})
server.loggelf = () => undefined
server.on('error', error => console.error(error.message))
server.listen(Number(port), '127.0.0.1')
