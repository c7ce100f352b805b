// Debian's Dovecot: Maildir, mail in by its own LMTP. The maildrop lock of RFC 1939 section 4 is off as it comes, and is
// switched on; what makes the next try wait after a wrong password is off.
import { freePort } from '../bench/servers/processes.ts'
import { deliveryBy } from '../src/conformance/delivery.ts'
import { addCertificate, addSystemAccount, type Certificate } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import type { Layer } from './layer.ts'
import { credentials, mailDomain, type Peer } from './peer.ts'

export const dovecot: Peer = {
  name: 'dovecot-pop3d',
  title: 'Dovecot',
  arrangement: 'Maildir, delivery by its LMTP; `pop3_lock_session = yes`',
  async start(layer: Layer) {
    await layer.install(['dovecot-pop3d', 'dovecot-lmtpd', 'openssl'])
    await addSystemAccount(layer)
    const [port, lmtpPort] = [await freePort(), await freePort()]
    layer.write('/etc/peer/dovecot.conf', configuration(await addCertificate(layer), port, lmtpPort))
    await startUntilGreets(layer, ['dovecot', '-F', '-c', '/etc/peer/dovecot.conf'], [port, lmtpPort])
    const { user: recipient } = credentials
    return {
      version: await layer.versionOf('dovecot-pop3d'),
      port,
      // Who finds the maildrop locked waits for ten seconds.
      patienceMs: 15_000,
      deliver: deliveryBy({
        host: '127.0.0.1',
        port: lmtpPort,
        protocol: 'lmtp',
        recipient,
        patienceMs: 10_000,
      }),
    }
  },
}

function configuration({ certFile, keyFile }: Certificate, port: number, lmtpPort: number): string {
  return `
protocols = pop3 lmtp
listen = 127.0.0.1
base_dir = /run/dovecot
log_path = /tmp/dovecot.log
hostname = ${mailDomain}
ssl = yes
ssl_cert = <${certFile}
ssl_key = <${keyFile}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop scram-sha-256
auth_username_format = %Ln
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
pop3_lock_session = yes
passdb {
  driver = static
  args = password=${credentials.password}
}
userdb {
  driver = passwd
}
service pop3-login {
  inet_listener pop3 {
    port = ${port}
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${lmtpPort}
  }
}
`
}
