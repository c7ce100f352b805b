// Debian's GNU Mailutils: mbox, mail in by its own `mda`.
import { freePort } from '../bench/servers/processes.ts'
import { addCertificate, addSystemAccount, type Certificate } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import { deliveryThrough } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

export const mailutils: Peer = {
  name: 'mailutils-pop3d',
  title: 'GNU Mailutils',
  arrangement: 'mbox, delivery by its `mda`',
  async start(layer: Layer) {
    await layer.install(['mailutils-pop3d', 'mailutils-mda', 'openssl'])
    await addSystemAccount(layer)
    // Both its programs work as the account, which must be able to make mailboxes and lock files.
    await layer.runOrFail(['chmod', '1777', '/var/mail'])
    const { user, password } = credentials
    await layer.runOrFail(['popauth', '--create'])
    await layer.runOrFail(['popauth', '--add', '--user', user, '--password', password])
    const port = await freePort()
    layer.write('/etc/pam.d/gnu-pop3d', '@include common-auth\n@include common-account\n')
    layer.write('/etc/peer/pop3d.conf', configuration(await addCertificate(layer), port))
    await startUntilGreets(layer, ['pop3d', '--foreground', '--config-file', '/etc/peer/pop3d.conf'], [port])
    return {
      version: await layer.versionOf('mailutils-pop3d'),
      port,
      deliver: deliveryThrough(layer, ['mda', '--stderr', '--from', 'check@example.org', user]),
    }
  },
}

function configuration({ certFile, keyFile }: Certificate, port: number): string {
  return `
mode daemon;
foreground yes;
max-children 100;
tls-file-checks {
  key-file none;
  cert-file none;
};
tls-mode ondemand;
tls {
  ssl-certificate-file ${certFile};
  ssl-key-file ${keyFile};
};
server 127.0.0.1:${port} {
  acl { allow from any; };
};
logging {
  syslog no;
};
`
}
