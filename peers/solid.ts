// Debian's Solid POP3 server: mbox, mail in by procmail.
import { freePort } from '../bench/servers/processes.ts'
import { addSystemAccount } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const solid: Peer = {
  name: 'solid-pop3d',
  title: 'Solid POP3',
  arrangement: 'mbox, delivery by procmail; started by inetd',
  async start(layer: Layer) {
    await layer.install(['solid-pop3d', 'procmail', 'openbsd-inetd'])
    await addSystemAccount(layer)
    const port = await freePort()
    const line = `127.0.0.1:${port} stream tcp nowait.0 root /usr/sbin/solid-pop3d solid-pop3d\n`
    layer.write('/etc/peer/inetd.conf', line)
    await startUntilGreets(layer, ['inetd', '-i', '-R', '0', '/etc/peer/inetd.conf'], [port])
    return {
      version: await layer.versionOf('solid-pop3d'),
      port,
      deliver: deliveryThrough(layer, ['procmail', '-d', credentials.user]),
    }
  },
}
