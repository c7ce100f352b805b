// Our client with Debian's cyrus-pop3d.
import { cyrus } from '../../../../peers/cyrus.ts'
import { describePeer } from './describe-peer.ts'

describePeer({
  peer: cyrus,
  announces: ['PIPELINING', 'STLS', 'TOP', 'UIDL'],
  mechanisms: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256'],
  inUse: 'lets in',
  refuses: { NUL: '554 5.6.0 Message contains NUL characters' },
  spoils: { 'lone CR': 'the CRs are taken away' },
})
