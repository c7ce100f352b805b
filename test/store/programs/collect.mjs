// A program that delivers messages with their records until it is killed, each a second time at once, and says what became of
// either: FOLDER WRITER COUNT.
import { writeSync } from 'node:fs'
import { openStore } from '../../../dist/store/open-store.js'

const [folder, writer, count] = process.argv.slice(2)
const store = await openStore({ folder, writer })
const account = await store.findAccount('ann')
let next = 0

async function deliver(key, text) {
  const delivery = store.begin()
  await delivery.write(Buffer.from(text))
  const facts = { headerOctets: key.length + 7, dotLines: 0 }
  const copy = { account, trace: new Uint8Array(), internalDate: new Date() }
  const [outcome] = await delivery.commit(facts, [copy], 'all', {
    source: 'gmail',
    key,
    state: 'stored',
    destinations: ['ann'],
    octets: text.length,
    storedAt: new Date(),
    failures: 0,
    absentSessions: 0,
  })
  writeSync(1, `${key} ${outcome.delivered ? 'delivered' : outcome.reason}\n`)
}

async function collectOn() {
  while (next < Number(count)) {
    const at = next++
    const key = `k${at}`
    // One message in eight is so large that its octets are laid down ahead of the commit.
    const text = `A: ${key}\r\n\r\n${'x'.repeat(at % 8 === 0 ? 300_000 : 100)}\r\n`
    await Promise.all([deliver(key, text), deliver(key, text)])
  }
}

await Promise.all(Array.from({ length: 8 }, collectOn))
await store.close()
