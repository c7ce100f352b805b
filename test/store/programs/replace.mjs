// A program that replaces the ledger of a source again and again until it is killed, by one half as long and back, and says when
// each is there: FOLDER WRITER.
import { writeSync } from 'node:fs'
import { openStore } from '../../../dist/store/open-store.js'

const [folder, writer] = process.argv.slice(2)
const store = await openStore({ folder, writer })
const source = { source: 'gmail', failures: 0, loginFailures: 0 }

for (let round = 1; ; round++) {
  const records = Array.from({ length: round % 2 === 0 ? 1000 : 2000 }, (_, at) => ({
    source: 'gmail',
    key: `${round % 2}-${at}`,
    state: 'stored',
    destinations: ['ann'],
    failures: 0,
    absentSessions: 0,
  }))
  await store.replaceSource({ ...source, identity: String(records.length) }, records)
  writeSync(1, `${records.length}\n`)
}
