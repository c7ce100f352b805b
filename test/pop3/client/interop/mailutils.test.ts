// Our client with Debian's mailutils-pop3d.
import { mailutils } from '../../../../peers/mailutils.ts'
import { describePeer } from './describe-peer.ts'

describePeer({
  peer: mailutils,
  announces: ['PIPELINING', 'STLS', 'TOP', 'UIDL'],
  mechanisms: ['APOP'],
  inUse: 'maildrop-in-use',
  adds: /^(?:X-UIDL|X-IMAPbase|X-UID|Status): .*\r\n/gm,
  refuses: { 'a megabyte of lines': 'its `mda` takes seconds for it, and here nobody waits as long' },
  spoils: { 'empty body': 'a blank line is added', 'header only': 'two of them are added' },
})
