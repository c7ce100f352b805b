// How long the mail office for tests takes to start with ten users, to take a message in, and to close: the first one in a
// process, which loads everything and makes the certificate, and those after it; and many at once. What a test suite with an
// office for each test would pay.
//
//     npm run prebench && node dist-bench/bench/test-office.js [times]
const [times = 200, atOnce = 100] = process.argv.slice(2).map(Number)

const begun = performance.now()
const { startTestOffice } = await import('../src/testing/index.ts')
const loaded = performance.now() - begun

interface Round {
  readonly start: number
  readonly deliver: number
  readonly close: number
}

async function measure(): Promise<Round> {
  const users = Array.from({ length: 10 }, (_, nth) => `user${nth}`)
  const started = performance.now()
  const office = await startTestOffice({ users })
  const ready = performance.now()
  await office.deliver({ to: 'user1', subject: 'hello', text: 'Your code is 123456: https://a.example/' })
  await office.waitForMessage({ to: 'user1' })
  const delivered = performance.now()
  await office.close()
  return { start: ready - started, deliver: delivered - ready, close: performance.now() - delivered }
}

const first = await measure()
const rounds: Round[] = []
for (let nth = 0; nth < times; nth += 1) rounds.push(await measure())

function median(part: keyof Round): number {
  return (
    rounds.map(round => round[part]).sort((one, other) => one - other)[Math.floor(rounds.length / 2)] ?? 0
  )
}

console.log(`to import:           ${loaded.toFixed(1)} ms`)
for (const part of ['start', 'deliver', 'close'] as const)
  console.log(
    `${`to ${part}:`.padEnd(20)} ${first[part].toFixed(1)} ms the first, ${median(part).toFixed(1)} ms after ${times}`,
  )

const begunAll = performance.now()
const offices = await Promise.all(Array.from({ length: atOnce }, () => startTestOffice({ users: ['ann'] })))
const startedAll = performance.now()
await Promise.all(offices.map(office => office.close()))
const closedAll = performance.now()
console.log(
  `${atOnce} at once:`.padEnd(21) +
    `${(startedAll - begunAll).toFixed(1)} ms to start, ${(closedAll - startedAll).toFixed(1)} ms to close`,
)
