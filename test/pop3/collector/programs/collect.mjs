// A program that collects once and kills itself at a step: FOLDER PORT PASSWORD KILL_AT. It takes everything from ann's maildrop
// on PORT into a mailbox of the store in FOLDER and a Maildir beside it. Steps are what a kill may come between: storing in each
// destination, writing to the ledger, DELE, QUIT, and its answer. 0 kills never.
import { join } from 'node:path'

const [folder, port, secret, killAtText] = process.argv.slice(2)
const killAt = Number(killAtText)
let step = 0

function mayDie() {
  if (++step === killAt) process.kill(process.pid, 'SIGKILL')
}

/** Dies before the work, or behind it. */
async function around(work) {
  mayDie()
  const result = await work()
  mayDie()
  return result
}

const dist = '../../../../dist'
const { openStore } = await import(`${dist}/store/open-store.js`)
const { createMailDelivery } = await import(`${dist}/mail/delivery/deliver.js`)
const { password } = await import(`${dist}/pop3/client/index.js`)
const { Collector } = await import(`${dist}/pop3/collector/collector.js`)
const { createDestination } = await import(`${dist}/pop3/collector/destinations/create-destination.js`)
const { pop3Source } = await import(`${dist}/pop3/collector/sources/pop3.js`)

const store = await openStore({ folder, writer: 'inline' })
const delivery = createMailDelivery({
  directory: store,
  target: {
    begin() {
      const writing = store.begin()
      return {
        id: writing.id,
        write: octets => writing.write(octets),
        commit: (...args) => around(() => writing.commit(...args)),
        abort: () => writing.abort(),
      }
    },
  },
  hostname: 'here.example',
  localDomains: ['here.example'],
  subaddressSeparator: '+',
  maxOctets: 1e9,
  bareNewline: 'normalize',
})
const real = pop3Source({
  name: 'old',
  user: 'ann',
  credentials: async () => password('ann', secret),
  connection: { host: '127.0.0.1', port: Number(port), tls: 'none', allowCleartextAuth: true },
})
const source = {
  name: real.name,
  identity: real.identity,
  async open(signal) {
    const session = await real.open(signal)
    const { commit, markDeleted } = session
    session.markDeleted = message => {
      mayDie()
      markDeleted.call(session, message)
    }
    session.commit = async stop => {
      mayDie()
      const answer = commit.call(session, stop)
      // DELE and QUIT are on their way, and nobody hears the answer.
      await new Promise(resolve => setTimeout(resolve, 20))
      mayDie()
      const outcome = await answer
      mayDie()
      return outcome
    }
    return session
  },
}
const maildir = createDestination(`maildir:${join(folder, 'Maildir')}`, { hostname: 'here.example' })
const parts = { delivery, hostname: 'here.example' }
const ledger = Object.create(store, {
  saveRecords: { value: records => around(() => store.saveRecords(records)) },
})
const collector = new Collector({
  collections: [
    {
      source,
      openDestinations: () => [
        createDestination('bob', parts),
        {
          ...maildir,
          store: (letter, options) => around(() => maildir.store(letter, options)),
          close: () => maildir.close(),
        },
      ],
      policy: { keep: 'none', commitEvery: 100, skips: [] },
      everyMs: 0,
    },
  ],
  ledger,
  spoolFolder: join(folder, 'spool'),
  hostname: 'here.example',
  atOnce: 1,
  onEvent: () => undefined,
  onFault: error => {
    throw error
  },
})
const summaries = await collector.run({ isForced: true, signal: new AbortController().signal })
await store.close()
console.log(JSON.stringify(summaries))
