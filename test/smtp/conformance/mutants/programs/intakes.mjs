// Opens offices as they were built, each with a fault of its own or with none, over memory stores, for the parent of this
// process: one at a time. argv: the folder with the certificate, the name and the password of the one account.
import { register } from 'node:module'
import { join } from 'node:path'

register('../../../../pop3/conformance/mutants/programs/loader.mjs', import.meta.url)

const [folder = '', user = '', password = ''] = process.argv.slice(2)

const toml = `
  hostname = "mail.test.example"
  domains = ["test.example"]
  data = ${JSON.stringify(folder)}
  [listen]
  pop3 = "127.0.0.1:0"
  smtp = "127.0.0.1:0"
  lmtp = "127.0.0.1:0"
  [tls]
  cert = ${JSON.stringify(join(folder, 'office.crt'))}
  key = ${JSON.stringify(join(folder, 'office.key'))}
  required = false
  [auth]
  argon2_memory = "8MiB"
  argon2_passes = 1
  [smtp]
  size = "64KiB"
`

/** @param {string} search What stands behind the URL of each module. */
async function openOffice(search) {
  const { storePassword } = await import(`../../../../../dist/auth/stored-password.js${search}`)
  const { parseConfig } = await import(`../../../../../dist/config.js${search}`)
  const { createService } = await import(`../../../../../dist/service.js${search}`)
  const { createMemoryStore } = await import(`../../../../../dist/store/memory-store.js${search}`)
  const config = parseConfig(toml)
  const { argon2: cost, scramIterations } = config.auth
  const kept = await storePassword(Buffer.from(password), { cost, scramIterations, owner: user })
  const store = createMemoryStore()
  await store.addAccount({ name: user, ...kept })
  await store.addAlias({ address: 'postmaster', accountName: user })
  return createService(config, { store })
}

/** @type {Awaited<ReturnType<typeof openOffice>> | undefined} */
let office

process.on('disconnect', () => process.exit())
process.on('message', async fault => {
  try {
    await office?.close()
    office = await openOffice(fault === 'none' ? '' : `?fault=${encodeURIComponent(JSON.stringify(fault))}`)
    const ports = office.listeners.map(({ service, port }) => [service, port])
    process.send?.({ ports: Object.fromEntries(ports) })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})
