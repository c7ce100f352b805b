// Debian's Courier: Maildir, mail in by its `deliverquota`. Accounts are of its own userdb; authdaemond and couriertcpd are
// started as its init scripts do, with the limits of connections raised for one client that opens many.
import { freePort } from '../bench/servers/processes.ts'
import { addCertificate, addSystemAccount } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const courier: Peer = {
  name: 'courier-pop',
  title: 'Courier',
  arrangement: 'Maildir, delivery by its `deliverquota`',
  async start(layer: Layer) {
    await layer.install(['courier-pop', 'courier-authdaemon', 'msmtp-mta', 'openssl'])
    await addSystemAccount(layer)
    const { bothFile } = await addCertificate(layer)
    const { user } = credentials
    const maildir = `/home/${user}/Maildir`
    const asUser = ['setpriv', '--reuid', user, '--regid', user, '--init-groups']
    await layer.runOrFail([...asUser, 'maildirmake.courier', maildir])
    const port = await freePort()
    layer.write('/etc/peer/start', startScript(port, bothFile), 0o755)
    await startUntilGreets(layer, ['/etc/peer/start'], [port])
    return {
      version: await layer.versionOf('courier-pop'),
      port,
      // It lets five seconds pass behind each login that failed, whatever is configured.
      patienceMs: 12_000,
      deliver: deliveryThrough(layer, [...asUser, 'deliverquota.courier', maildir]),
    }
  },
}

function startScript(port: number, certFile: string): string {
  const programs = '/usr/lib/courier/courier'
  return `#!/bin/sh
set -e
mkdir -p /run/courier/authdaemon
chown -R courier:courier /run/courier
authdaemond start
set -a
. /etc/courier/pop3d
. /etc/courier/pop3d-ssl
AUTHMODULES=authdaemon
MAXDAEMONS=200
MAXPERIP=200
POP3AUTH="PLAIN LOGIN"
POP3_STARTTLS=YES
POP3_TLS_REQUIRED=0
TLS_CERTFILE=${certFile}
COURIERTLS=/usr/bin/couriertls
unset TLS_TRUSTCERTS
set +a
exec couriertcpd -address=127.0.0.1 -maxprocs=200 -maxperip=200 -nodnslookup -noidentlookup ${port} \\
  ${programs}/courierpop3login ${programs}/courierpop3d Maildir
`
}
