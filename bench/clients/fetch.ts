// Fetches all messages of a maildrop with one of the clients, counts their octets, and prints what it took.
//     node fetch.js CLIENT SCENARIO PORT FOLDER
import { connect as connectTcp } from 'node:net'
import { connect, password } from '../../src/pop3/client/index.ts'
import { nodePop3, yapople } from './npm-clients.ts'
import { type Measured, type Scenario, scenarios } from './scenarios.ts'

interface Fetched {
  messages: number
  octets: number
}

type Fetch = (user: Scenario, port: number, folder: string) => Promise<Fetched>

const fetchers: Readonly<Record<string, Fetch>> = {
  raw: fetchRaw,
  async poplar(user, port) {
    const fetched = { messages: 0, octets: 0 }
    const auth = password(user, 'x')
    const session = await connect({ host: '127.0.0.1', port, tls: 'none', allowCleartextAuth: true, auth })
    for await (const { body } of session.retrieve(await session.listing())) {
      for await (const chunk of body) fetched.octets += chunk.length
      fetched.messages += 1
    }
    await session.commit()
    return fetched
  },
  async 'node-pop3'(user, port, folder) {
    const client = await nodePop3(folder, { user, port })
    const fetched = await fetchEach(user, async number => Buffer.byteLength(await client.RETR(number)))
    await client.QUIT()
    return fetched
  },
  async yapople(user, port, folder) {
    const client = await yapople(folder, { user, port })
    const fetched = await fetchEach(user, async number => (await client.retrieve(number)).length)
    await client.quit()
    return fetched
  },
}

/** All commands at once, and nothing done with what comes. */
async function fetchRaw(user: Scenario, port: number): Promise<Fetched> {
  const { messages } = scenarios[user]
  let octets = 0
  let tail: Uint8Array = new Uint8Array(0)
  const socket = connectTcp(port, '127.0.0.1')
  socket.write(`USER ${user}\r\nPASS x\r\n`)
  for (let number = 1; number <= messages; number++) socket.write(`RETR ${number}\r\n`)
  socket.write('QUIT\r\n')
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    octets += chunk.length
    tail = chunk.subarray(-8)
  }
  if (!Buffer.from(tail).toString().endsWith('+OK\r\n')) throw new Error('the end is missing')
  return { messages, octets }
}

async function fetchEach(user: Scenario, fetch: (number: number) => Promise<number>): Promise<Fetched> {
  const fetched = { messages: 0, octets: 0 }
  for (let number = 1; number <= scenarios[user].messages; number++) {
    fetched.octets += await fetch(number)
    fetched.messages += 1
  }
  return fetched
}

const [client = '', scenario = '', port = '', folder = ''] = process.argv.slice(2)
const fetcher = fetchers[client]
if (!fetcher || !(scenario in scenarios)) throw new Error('CLIENT SCENARIO PORT FOLDER')
const before = process.resourceUsage().maxRSS
const usedBefore = process.cpuUsage()
const begun = performance.now()
const fetched = await fetcher(scenario as Scenario, Number(port), folder)
const ms = performance.now() - begun
const { user, system } = process.cpuUsage(usedBefore)
const measured: Measured = {
  ...fetched,
  ms,
  processorMs: (user + system) / 1000,
  memoryMiB: (process.resourceUsage().maxRSS - before) / 1024,
}
console.log(JSON.stringify(measured))
