// A program that takes a source and holds it until it is killed: FOLDER LEASE-MS.
import { writeSync } from 'node:fs'
import { openStore } from '../../../dist/store/open-store.js'

const [folder, leaseMs] = process.argv.slice(2)
const store = await openStore({ folder, writer: 'inline', leaseMs: Number(leaseMs) })
const lease = await store.leaseSource('gmail')
writeSync(1, `${lease?.holds}\n`)
setInterval(() => {}, 1000)
