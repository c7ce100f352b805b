// A program that stores letters and kills itself at a step: KIND PATH LETTERS KILL_AT. LETTERS is a file of lines of JSON, the
// last of which is stored with the kill ahead; KILL_AT counts what is done to the file system from there on, a write twice:
// before it, and half way through. 0 kills never. As with POP3, a letter is received whenever it is fetched. Says of each
// letter what became of it.
import { readFileSync, writeSync } from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [kind, path, lettersFile, killAtText] = process.argv.slice(2)
const killAt = Number(killAtText)
let isCounting = false
let step = 0

function mayDie() {
  if (isCounting && ++step === killAt) process.kill(process.pid, 'SIGKILL')
}

const wrap = (owner, name) => {
  const original = owner[name]
  owner[name] = function (...args) {
    mayDie()
    return original.apply(this, args)
  }
}

const probe = await promises.open('/dev/null', 'r')
const handle = Object.getPrototypeOf(probe)
await probe.close()
for (const name of ['sync', 'truncate', 'utimes', 'writeFile', 'close']) wrap(handle, name)
const { write } = handle
handle.write = async function (octets, offset, length, position) {
  mayDie()
  if (isCounting && step + 1 === killAt && length > 1)
    await write.call(this, octets, offset, length >> 1, position)
  mayDie()
  return write.call(this, octets, offset, length, position)
}
for (const name of ['open', 'rename', 'rm', 'link', 'mkdir', 'writeFile']) wrap(promises, name)
syncBuiltinESMExports()

const folder = '../../../../../dist/pop3/collector/destinations'
const makers = {
  maildir: async () => (await import(`${folder}/maildir.js`)).maildirDestination('d', path),
  mbox: async () => (await import(`${folder}/mbox.js`)).mboxDestination('d', path),
}
const destination = await makers[kind]()
const { signal } = new AbortController()
const letters = readFileSync(lettersFile, 'utf8').trim().split('\n').map(JSON.parse)
for (const [index, { body, ...letter }] of letters.entries()) {
  isCounting = killAt > 0 && index === letters.length - 1
  const octets = Buffer.from(body, 'base64')
  const outcome = await destination.store(
    {
      ...letter,
      receivedAt: new Date(),
      header: octets,
      body: async function* () {
        yield octets
      },
    },
    { signal, record: undefined },
  )
  writeSync(1, `${letter.deliveryKey} ${outcome}\n`)
}
