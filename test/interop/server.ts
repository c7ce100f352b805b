// The server that the client tests talk to: the built office, or another one that shows the tests to be right.
import { deliverByLmtp } from '../e2e/line-peer.ts'
import { Office } from '../e2e/office.ts'
import type { AwkwardMessage } from './awkward-messages.ts'
import { startDovecot } from './dovecot.ts'

export interface InteropServer {
  readonly ports: { readonly pop3: number; readonly lmtp: number }
  /** The recipient address of a user; users' passwords are `<name>-secret`. */
  deliver(user: string, messages: readonly AwkwardMessage[]): Promise<void>
  /** Undefined where the server cannot be restarted on the same data. */
  restart?(): Promise<void>
  close(): Promise<void>
}

const peerName = process.env['INTEROP_PEER'] ?? 'poplar'

export async function startServer(users: readonly string[]): Promise<InteropServer> {
  const server = peerName === 'dovecot' ? await startDovecot() : await openOffice(users)
  return {
    ...server,
    async deliver(user, messages) {
      for (const { name, content } of messages) {
        const [reply] = await deliverByLmtp(server.ports.lmtp, [`${user}@mail.test.example`], content)
        if (!reply?.startsWith('250')) throw new Error(`${name} was answered ${reply}`)
      }
    },
  }
}

async function openOffice(users: readonly string[]): Promise<Omit<InteropServer, 'deliver'>> {
  const office = await Office.open(users)
  return {
    ports: office.ports,
    async restart() {
      await office.signal('SIGTERM')
      await office.start()
    },
    close: () => office.close(),
  }
}
