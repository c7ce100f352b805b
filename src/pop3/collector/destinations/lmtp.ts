// An LMTP server (RFC 2033), over TCP or a socket in the file system: it answers once the message is in the mailbox. At least
// once: a kill between its answer and the ledger sends the message again, under the same `X-Poplar-Delivery`.
import type { Destination } from '../destination.ts'
import { type SmtpServer, SmtpSession } from './smtp-session.ts'

export interface LmtpOptions extends Omit<SmtpServer, 'protocol'> {
  readonly recipient: string
}

export function lmtpDestination(name: string, { recipient, ...server }: LmtpOptions): Destination {
  const session = new SmtpSession({ ...server, protocol: 'lmtp' })
  const { address } = server
  return {
    name,
    description: `LMTP ${'path' in address ? address.path : `${address.host}:${address.port}`} for ${recipient}`,
    promise: 'at-least-once',
    store: async (letter, { signal }) => {
      await session.send(letter, { from: letter.reversePath, to: recipient }, signal)
      return 'stored'
    },
    close: () => session.close(),
  }
}
