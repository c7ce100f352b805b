// Fetches message 1 with one of the clients and prints it in base64; then stays for a while in which nothing is asked.
//     node fetch-one.js CLIENT PORT FOLDER USER
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, password } from '../../src/pop3/client/index.ts'
import { nodePop3, yapople } from './npm-clients.ts'

const idleMs = 600

const clients: Readonly<Record<string, (port: number, folder: string, user: string) => Promise<Uint8Array>>> =
  {
    async poplar(port, _folder, user) {
      const auth = password(user, 'x')
      const session = await connect({ host: '127.0.0.1', port, tls: 'none', allowCleartextAuth: true, auth })
      for await (const { body } of session.retrieve(await session.listing())) return await body.bytes()
      throw new Error('the maildrop is empty')
    },
    async 'node-pop3'(port, folder, user) {
      return Buffer.from(await (await nodePop3(folder, { port, user })).RETR(1))
    },
    async yapople(port, folder, user) {
      return Buffer.from(await (await yapople(folder, { port, user })).retrieve(1))
    },
  }

const [client = '', port = '', folder = '', user = ''] = process.argv.slice(2)
const message = await clients[client]?.(Number(port), folder, user)
console.log(Buffer.from(message ?? '').toString('base64'))
await sleep(idleMs)
process.exit(0)
