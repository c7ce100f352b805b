// `npm run soak`: for an hour, or as long as asked for, honest and hostile clients at once, while the process is killed and
// the disk fills up. In the end memory, descriptors and locks are where they began, and every message is what its sender
// and its readers were told. Exit code 1 when anything is not.
import { setTimeout as sleep } from 'node:timers/promises'
import { letThingsHappen } from './faults.ts'
import { type Field, note } from './field.ts'
import { harm } from './hostile.ts'
import { Ledger } from './ledger.ts'
import { contentOf } from './messages.ts'
import { Office } from './office.ts'
import { parseSoakOptions, usage } from './options.ts'
import { Gone } from './peer.ts'
import { Random } from './random.ts'
import { read } from './reader.ts'
import { send } from './sender.ts'

const accounts = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal']
const loot = 'mallory'
const password = 'soak soak soak'
/** Loops of each kind that run at once. */
const crowd = [
  { act: send, loops: 3, pauseMs: 60 },
  { act: (field: Field) => read(field), loops: 6, pauseMs: 10 },
  { act: harm, loops: 12, pauseMs: 10 },
]
/** Of the whole time: faults happen in the first part; then three calm ones, at the ends of which is measured. */
const shares = { stormy: 0.7, calm: 0.1 }
const restPatienceMs = 30_000
/** A second apart; the lowest counts. */
const memoryReadings = 15
/**
 * Octets that memory may grow by between the last two measurements: the garbage collector is no book-keeper. The first is
 * before caches and counts of failures, all of them bounded, are full.
 */
const memoryTolerance = 24 * 1024 * 1024
const finalRounds = 3

interface Footprint {
  readonly octets: number
  readonly descriptors: number
}

const options = readOptions()
const office = await Office.create([...accounts, loot], password)
const field: Field = {
  ...office.ports,
  accounts,
  loot,
  password,
  ledger: new Ledger(),
  random: new Random(options.seed),
  done: new Map(),
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp())
try {
  await office.start()
  office.run(['deliver', loot], contentOf(0))
  await soak(office, field, options.minutes * 60_000)
} finally {
  await office.stop()
  office.remove()
}
report(field)

function readOptions() {
  try {
    return parseSoakOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

/** Nothing stays behind, the file system above all. */
async function giveUp(): Promise<void> {
  await office.kill()
  office.remove()
  process.exit(1)
}

async function soak(office: Office, field: Field, durationMs: number): Promise<void> {
  const { ledger } = field
  console.log(`soak of ${options.minutes} minutes, --seed ${options.seed}`)
  if (!office.canBeFull) console.log('not root: the disk is never full')
  await withCrowd(field, isOver => letThingsHappen(office, field, isOver), durationMs * shares.stormy)
  await office.stop()
  await office.start()
  const calm = () => withCrowd(field, async () => undefined, durationMs * shares.calm)
  await calm()
  const first = await atRest(office, field)
  await calm()
  const before = await atRest(office, field, first)
  await calm()
  const after = await atRest(office, field, before)
  const memory = [first, before, after].map(({ octets }) => `${mebibytes(octets)} MiB`)
  console.log(`memory at rest: ${memory.join(', then ')}`)
  console.log(`descriptors at rest: ${before.descriptors}, then ${after.descriptors}`)
  if (after.octets > before.octets + memoryTolerance) ledger.violate('memory grew')
  if (after.descriptors > before.descriptors) ledger.violate('descriptors were left open')
  const locks = office.run(['locks', 'list', '--json'])
  if (JSON.stringify(JSON.parse(locks)) !== '[]') ledger.violate(`locks were left: ${locks}`)
  await readAll(field)
  await office.stop()
  console.log(office.run(['doctor']))
  if (office.log().includes(password)) ledger.violate('the log tells a password')
  await office.start()
  await readAll(field)
}

/** The crowd does its work for so long, and comes to an end. */
async function withCrowd(
  field: Field,
  meanwhile: (isOver: () => boolean) => Promise<void>,
  durationMs: number,
): Promise<void> {
  const end = performance.now() + durationMs
  const isOver = () => performance.now() >= end
  const loops = crowd.flatMap(({ act, loops, pauseMs }) =>
    Array.from({ length: loops }, async () => {
      while (!isOver()) {
        await attempt(field, act)
        await sleep(pauseMs)
      }
    }),
  )
  await Promise.all([...loops, meanwhile(isOver)])
}

async function attempt(field: Field, act: (field: Field) => Promise<void>): Promise<void> {
  try {
    await act(field)
  } catch (error) {
    if (error instanceof Gone) note(field, 'connection gone')
    else field.ledger.violate(error instanceof Error ? error.message : String(error))
  }
}

/** When nobody is there any more; descriptors take a moment to be as few as `before`. */
async function atRest(office: Office, field: Field, before?: Footprint): Promise<Footprint> {
  const deadline = performance.now() + restPatienceMs
  // One session, so that what the first one opens is counted from the beginning.
  await attempt(field, read)
  do await sleep(2_000)
  while (before && office.descriptors() > before.descriptors && performance.now() < deadline)
  return { octets: await lowestMemory(office), descriptors: office.descriptors() }
}

/** V8 gives back the room it has emptied only some seconds, and several collections, after the work has ended. */
async function lowestMemory(office: Office): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY
  for (let reading = 0; reading < memoryReadings; reading++) {
    office.collectGarbage()
    await sleep(1_000)
    lowest = Math.min(lowest, office.memory())
  }
  return lowest
}

/** Some rounds through all maildrops without anybody else, so that whatever is open is settled. */
async function readAll(field: Field): Promise<void> {
  for (let round = 0; round < finalRounds; round++)
    for (const account of accounts) await attempt(field, each => read(each, account))
}

function mebibytes(octets: number): string {
  return (octets / 1024 / 1024).toFixed(1)
}

function report({ done, ledger }: Field): void {
  for (const [what, count] of [...done].sort(([left], [right]) => left.localeCompare(right)))
    console.log(`${String(count).padStart(8)}  ${what}`)
  console.log('messages:', ledger.counts)
  for (const violation of ledger.violations.slice(0, 50)) console.log(`VIOLATION: ${violation}`)
  console.log(`${ledger.violations.length} violations`)
  process.exitCode = ledger.violations.length === 0 ? 0 : 1
}
