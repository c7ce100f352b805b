// Debian's Solid POP3 server: mbox, mail in by procmail.
import { freePort } from '../bench/servers/processes.ts'
import { addSystemAccount } from './accounts.ts'
import { connectionsTo, startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const solid: Peer = {
  name: 'solid-pop3d',
  title: 'Solid POP3',
  arrangement: 'mbox, delivery by procmail; started by tcpserver',
  async start(layer: Layer) {
    await layer.install(['solid-pop3d', 'procmail', 'ucspi-tcp'])
    await addSystemAccount(layer)
    const port = await freePort()
    await startUntilGreets(layer, connectionsTo('solid-pop3d', port), [port])
    return {
      version: await layer.versionOf('solid-pop3d'),
      port,
      deliver: deliveryThrough(layer, ['procmail', '-d', credentials.user]),
    }
  },
}
