// Our client with Debian's popa3d, which has no CAPA, no TLS and no mechanism of SASL.
import { popa3d } from '../../../../peers/popa3d.ts'
import { describePeer } from './describe-peer.ts'

describePeer({
  peer: popa3d,
  announces: [],
  mechanisms: [],
  inUse: 'lets in',
  refuses: {},
  spoils: {
    'header only': 'procmail adds a blank line',
    'blank lines': 'the last of them is taken for the one between messages of an mbox',
    'From line': 'an mbox has `>From ` instead',
  },
})
