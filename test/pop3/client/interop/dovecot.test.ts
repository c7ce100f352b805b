// Our client with Debian's dovecot-pop3d.
import { dovecot } from '../../../../peers/dovecot.ts'
import { describePeer } from './describe-peer.ts'

describePeer({
  peer: dovecot,
  announces: ['PIPELINING', 'STLS', 'TOP', 'UIDL'],
  mechanisms: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'APOP', 'SCRAM-SHA-256'],
  inUse: 'maildrop-in-use',
  refuses: {},
  spoils: {},
})
