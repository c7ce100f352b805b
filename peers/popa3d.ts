// Debian's popa3d: mbox, mail in by procmail. On its own it listens on port 110 and no other, so inetd calls it.
import { freePort } from '../bench/servers/processes.ts'
import { addSystemAccount } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const popa3d: Peer = {
  name: 'popa3d',
  title: 'popa3d',
  arrangement: 'mbox, delivery by procmail; started by inetd',
  async start(layer: Layer) {
    await layer.install(['popa3d', 'procmail', 'openbsd-inetd'])
    await addSystemAccount(layer)
    const port = await freePort()
    layer.write(
      '/etc/peer/inetd.conf',
      `127.0.0.1:${port} stream tcp nowait.0 root /usr/sbin/popa3d popa3d\n`,
    )
    await startUntilGreets(layer, ['inetd', '-i', '-R', '0', '/etc/peer/inetd.conf'], [port])
    return {
      version: await layer.versionOf('popa3d'),
      port,
      deliver: deliveryThrough(layer, ['procmail', '-d', credentials.user]),
    }
  },
}
