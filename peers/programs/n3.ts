// N3, an experiment of 2013, with a maildrop that is a folder: port, folder, user, password. Its own message store makes up
// its messages; this one keeps its arithmetic and has ours. Copied into the layer of the peer.
import { createRequire } from 'node:module'
import { createServer, type Socket } from 'node:net'
import { messagesIn, remove } from './mail-folder.ts'

interface Stored {
  readonly uid: string
  readonly size: number
  readonly text: string
  deleteFlag?: boolean
}

interface Store {
  messages: Stored[]
  length: number
  size: number
  registerHook: () => void
  buildMimeMail: (message: Stored) => string
  removeDeleted: () => void
}

type Check = (password: string) => boolean

const [port = '', folder = '', user = '', password = ''] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const { N3 } = require('pop3-n3') as {
  N3: {
    createInstance(
      name: string,
      auth: (name: string, check: Check) => boolean,
      store: unknown,
      socket: Socket,
    ): void
  }
}
const { MessageStore } = require('pop3-n3/messagestore.js') as { MessageStore: { prototype: Store } }

Object.assign(MessageStore.prototype, {
  registerHook(this: Store) {
    this.messages = messagesIn(folder).map(({ name, octets }) => {
      // It gives what it is given a final CRLF of its own.
      const text = octets.toString('latin1').replace(/\r\n$/, '')
      return { uid: name, size: octets.length, text }
    })
    this.length = this.messages.length
    this.size = this.messages.reduce((sum, { size }) => sum + size, 0)
  },
  buildMimeMail({ text }: Stored) {
    return text
  },
  removeDeleted(this: Store) {
    remove(
      folder,
      this.messages.filter(({ deleteFlag }) => deleteFlag).map(({ uid }) => uid),
    )
  },
})

createServer(socket => {
  socket.on('error', () => socket.destroy())
  N3.createInstance('peers.example', (name, check) => name === user && check(password), MessageStore, socket)
}).listen(Number(port), '127.0.0.1')
