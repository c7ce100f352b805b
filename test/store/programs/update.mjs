// A program that deletes the first ten messages of a maildrop, session after session, until it is killed, and says which
// were answered: FOLDER.
import { writeSync } from 'node:fs'
import { openStore } from '../../../dist/store/open-store.js'

const store = await openStore({ folder: process.argv[2], writer: 'thread' })
const account = await store.findAccount('ann')
for (;;) {
  const maildrop = await store.openMaildrop(account, { sessionId: 's', peer: 'program' })
  if (maildrop.listing.count === 0) break
  const indexes = Array.from({ length: 10 }, (_, i) => i)
  await maildrop.update(indexes)
  writeSync(1, `${indexes.map(i => maildrop.listing.uidls[i]).join(' ')}\n`)
}
await store.close()
