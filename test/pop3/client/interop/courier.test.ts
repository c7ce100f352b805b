// Our client with Debian's courier-pop.
import { courier } from '../../../../peers/courier.ts'
import { describePeer } from './describe-peer.ts'

describePeer({
  peer: courier,
  announces: ['PIPELINING', 'STLS', 'TOP', 'UIDL'],
  mechanisms: ['PLAIN', 'LOGIN'],
  inUse: 'lets in',
  refuses: {},
  spoils: {},
})
