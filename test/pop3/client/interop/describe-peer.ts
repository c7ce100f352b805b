// The cases over one of Debian's POP3 servers, as its package has it, in a layer of its own (peers/layer.ts): the servers exclude
// each other, and none is to be found on the machine afterwards.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { Layer } from '../../../../peers/layer.ts'
import { awkwardMessages } from '../../../interop/awkward-messages.ts'
import { byHand, type Known, type Scene } from './peer-case.ts'
import { peerCases } from './peer-cases.ts'

/** For installing it, where a package has to be fetched first. */
const startTimeoutMs = 180_000
const caseTimeoutMs = 60_000

/** Where no layer can be made, or nothing can be installed in it, all is skipped with the reason; with CI=true the latter fails. */
export function describePeer(known: Known): void {
  describe(known.peer.name, () => {
    let layer: Layer | undefined
    let whyNot: string | undefined
    let scene: Scene | undefined

    beforeAll(async () => {
      layer = await Layer.open().catch((error: Error) => {
        whyNot = error.message
        return undefined
      })
      if (!layer) return
      const started = await known.peer.start(layer).catch((error: Error) => {
        if (process.env['CI'] === 'true') throw error
        whyNot = error.message
      })
      if (!started) return
      const { port, deliver } = started
      const messages = awkwardMessages.filter(({ name }) => !(name in known.refuses))
      for (const { content } of messages) await deliver(content)
      scene = { known, port, messages }
      await readAll(scene)
    }, startTimeoutMs)

    afterAll(() => layer?.close())

    it.for(peerCases)('$title', { timeout: caseTimeoutMs }, async ({ play }, context) => {
      if (whyNot !== undefined) context.skip(whyNot)
      if (scene) await play(scene)
    })
  })
}

/** Whoever reads a message first has Mailutils write into its header. */
async function readAll(scene: Scene): Promise<void> {
  for (let time = 0; time < 2; time++)
    await byHand(scene, async peer => {
      await peer.askBody('UIDL')
      for (const index of scene.messages.keys()) await peer.askBody(`RETR ${index + 1}`)
    })
}
