// Opens offices, each with a fault of its own or with none, for the parent of this process: one at a time. argv: the folder
// with the certificate, the name and the password of the one account.
import { register } from 'node:module'

register('./loader.mjs', import.meta.url)

const [folder = '', user = '', password = ''] = process.argv.slice(2)

/** @type {Awaited<ReturnType<import('./office.mjs')['openOffice']>> | undefined} */
let office

const work = {
  /** @param {{ fault: object | 'none', store: 'memory' | 'SQLite' }} options */
  async open({ fault, store }) {
    await office?.close()
    office = undefined
    const search = fault === 'none' ? '' : `?fault=${encodeURIComponent(JSON.stringify(fault))}`
    /** @type {import('./office.mjs')} */
    const { openOffice } = await import(`./office.mjs${search}`)
    office = await openOffice({ folder, user, password, store })
    return { ports: office.ports }
  },
  async expunge() {
    await office?.expungeFirst()
    return {}
  },
}

process.on('disconnect', () => process.exit())
process.on('message', async ({ ask, ...options }) => {
  try {
    process.send?.(await work[ask](options))
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})
