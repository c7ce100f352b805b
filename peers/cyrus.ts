// Debian's Cyrus: its own store, mail in by its own LMTP. Passwords are asked of the system through saslauthd.
import { freePort } from '../bench/servers/processes.ts'
import { deliveryBy } from '../src/conformance/delivery.ts'
import { addCertificate, type Certificate } from './accounts.ts'
import { startUntilGreets } from './greeting.ts'
import type { Layer } from './layer.ts'
import { credentials, mailDomain, type Peer } from './peer.ts'

export const cyrus: Peer = {
  name: 'cyrus-pop3d',
  title: 'Cyrus',
  arrangement: 'its own store, delivery by its LMTP',
  async start(layer: Layer) {
    await layer.install(['cyrus-pop3d', 'sasl2-bin', 'libsasl2-modules', 'openssl'])
    const { user, password } = credentials
    await layer.runOrFail(['saslpasswd2', '-p', '-c', '-u', mailDomain, user], `${password}\n`)
    await layer.runOrFail(['chown', 'cyrus:mail', '/etc/sasldb2'])
    const [port, lmtpPort] = [await freePort(), await freePort()]
    layer.write('/etc/imapd.conf', configuration(await addCertificate(layer)))
    layer.write('/etc/cyrus.conf', services(port, lmtpPort))
    for (const folder of ['proc', 'lock', 'socket'])
      await layer.runOrFail([
        'install',
        '-d',
        '-o',
        'cyrus',
        '-g',
        'mail',
        '/run/cyrus',
        `/run/cyrus/${folder}`,
      ])
    await layer.runOrFail(['cyrus', 'makedirs'])
    await startUntilGreets(layer, ['cyrmaster'], [port, lmtpPort])
    return {
      version: await layer.versionOf('cyrus-pop3d'),
      port,
      deliver: deliveryBy({
        host: '127.0.0.1',
        port: lmtpPort,
        protocol: 'lmtp',
        recipient: user,
        patienceMs: 10_000,
      }),
    }
  },
}

function configuration({ certFile, keyFile }: Certificate): string {
  return `
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
servername: ${mailDomain}
defaultdomain: ${mailDomain}
altnamespace: no
umask: 077
allowplaintext: yes
allowapop: yes
failedloginpause: 0
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256
autocreate_post: 1
autocreate_quota: 0
duplicatesuppression: no
tls_server_cert: ${certFile}
tls_server_key: ${keyFile}
lmtpsocket: /run/cyrus/socket/lmtp
syslog_prefix: cyrus
`
}

function services(port: number, lmtpPort: number): string {
  return `
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  pop3 cmd="pop3d" listen="127.0.0.1:${port}" prefork=2 maxchild=100
  lmtp cmd="lmtpd -a" listen="127.0.0.1:${lmtpPort}" prefork=1 maxchild=20
}
EVENTS {
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -c" period=30
}
`
}
