// Debian's popa3d: mbox, mail in by procmail. On its own it listens on port 110 and no other, so a super-server calls it.
import { freePort } from '../bench/servers/processes.ts'
import { addSystemAccount } from './accounts.ts'
import { connectionsTo, startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const popa3d: Peer = {
  name: 'popa3d',
  title: 'popa3d',
  arrangement: 'mbox, delivery by procmail; started by tcpserver',
  async start(layer: Layer) {
    await layer.install(['popa3d', 'procmail', 'ucspi-tcp'])
    await addSystemAccount(layer)
    const port = await freePort()
    await startUntilGreets(layer, connectionsTo('popa3d', port), [port])
    return {
      version: await layer.versionOf('popa3d'),
      port,
      deliver: deliveryThrough(layer, ['procmail', '-d', credentials.user]),
    }
  },
}
