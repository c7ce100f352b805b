// Every transcript of pop2/, over every store.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import type { Store } from '../../src/mail/store.ts'
import { startPop2Server } from '../../src/pop2/server/server.ts'
import { deliver, plainAuthenticator } from '../pop3/office.ts'
import { stores } from '../store/factories.ts'
import { play, readScript, type Script } from './script.ts'

const folder = join(import.meta.dirname, 'pop2')
const scripts = readdirSync(folder).map(name => ({ name, script: readScript(join(folder, name)) }))

async function replay(script: Script, store: Store): Promise<void> {
  for (const { name, password, messages } of script.accounts) {
    const account = await store.addAccount({ name, passwordHash: password })
    for (const message of messages) await deliver(store, account, message)
  }
  const server = await startPop2Server({
    listen: [{ host: '127.0.0.1', port: 0 }],
    hostname: 'pop.example',
    authenticator: plainAuthenticator(store),
    maildrops: store,
    limits: script.limits,
  })
  try {
    await play(script, server.addresses[0]!.port)
  } finally {
    await server.close()
  }
}

describe.each(Object.entries(stores))('transcripts over the store: %s', (_, open) => {
  it.each(scripts)('$name: $script.title', async ({ script }) => {
    const store = await open({ now: Date.now, leaseMs: 60_000 })
    try {
      await replay(script, store)
    } finally {
      await store.close()
    }
  })
})
