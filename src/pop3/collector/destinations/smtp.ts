// An SMTP server (RFC 5321), with login where one is given: it answers once the message is in its queue. At least once: a kill
// between its answer and the ledger sends the message again, under the same `X-Poplar-Delivery`.
import type { Destination } from '../destination.ts'
import { type SmtpServer, SmtpSession } from './smtp-session.ts'

export interface SmtpOptions extends Omit<SmtpServer, 'protocol' | 'address'> {
  readonly address: { readonly host: string; readonly port: number }
  readonly recipient: string
  /**
   * The reverse-path, without angle brackets; undefined: the message's own. Servers that check who may send for a domain
   * (RFC 7208) do not like to see that of others.
   */
  readonly reversePath?: string | undefined
}

export function smtpDestination(
  name: string,
  { recipient, reversePath, ...server }: SmtpOptions,
): Destination {
  const session = new SmtpSession({ ...server, protocol: 'smtp' })
  const { host, port } = server.address
  return {
    name,
    description: `SMTP ${host}:${port} for ${recipient}`,
    promise: 'at-least-once',
    store: async (letter, { signal }) => {
      await session.send(letter, { from: reversePath ?? letter.reversePath, to: recipient }, signal)
      return 'stored'
    },
    close: () => session.close(),
  }
}
