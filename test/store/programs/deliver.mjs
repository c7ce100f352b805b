// A program that delivers until it is killed, and says of each message that it was answered: FOLDER NAME WRITER COUNT.
import { writeSync } from 'node:fs'
import { openStore } from '../../../dist/store/open-store.js'

const [folder, name, writer, count] = process.argv.slice(2)
const store = await openStore({ folder, writer })
const account = await store.findAccount('ann')
let next = 0

async function deliverOn() {
  while (next < Number(count)) {
    const uidl = `${name}-${next++}`
    // One message in eight is so large that its octets are laid down ahead of the commit.
    const text = `A: ${uidl}\r\n\r\n${uidl.repeat(next % 8 === 0 ? 60_000 : 100)}\r\n`
    const delivery = store.begin()
    await delivery.write(Buffer.from(text))
    const headerOctets = uidl.length + 7
    const copy = { account, trace: new Uint8Array(), internalDate: new Date(), uidl }
    const [outcome] = await delivery.commit({ headerOctets, dotLines: 0 }, [copy], 'all')
    if (outcome.delivered) writeSync(1, `${uidl}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, deliverOn))
await store.close()
