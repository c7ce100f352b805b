// A whole mail office inside a program, here with a store in memory: for a test run that wants to see which mail it
// sends, or a tool that takes mail in. Without `store` it keeps everything in the folder that `data` names.
//
//   node office-from-code.js        prints which port serves what, and runs until it is told to stop
import { createMemoryStore, createService, hashPassword, parseConfig } from 'poplar-mail'

const config = parseConfig(`
hostname = "office.example.net"

[listen]
pop3 = "127.0.0.1:0"
smtp = "127.0.0.1:0"
`)

const store = createMemoryStore()
const passwordHash = await hashPassword(Buffer.from('secret'))
const ann = await store.addAccount({ name: 'ann', passwordHash })
await store.addAlias({ address: '@office.example.net', accountName: ann.name }) // everything goes to ann

const office = await createService(config, { store })
for (const { service, port } of office.listeners) console.log(`${service} on port ${port}`)

process.once('SIGTERM', () => void office.drain(1000))
