// A maildrop seen from outside, by POP3.
import { LinePeer } from './line-peer.ts'
import type { Office } from './office.ts'

export interface SeenMessage {
  readonly uidl: string
  readonly content: Buffer
}

/** Logs in with the password that `Office.open` gives its users. */
export function logIn(office: Office, user: string): Promise<LinePeer> {
  return LinePeer.logIn(office.ports.pop3, user, `${user}-secret`)
}

/** The unique-id listing of a session, in order. */
export async function uidlsOf(peer: LinePeer): Promise<string[]> {
  const lines = (await peer.askBody('UIDL')).toString('latin1').split('\r\n').slice(0, -1)
  return lines.map(line => line.split(' ')[1] ?? '')
}

/** Every message of a maildrop, in one session that deletes nothing. */
export async function readMaildrop(office: Office, user: string): Promise<SeenMessage[]> {
  const peer = await logIn(office, user)
  const seen: SeenMessage[] = []
  for (const [index, uidl] of (await uidlsOf(peer)).entries())
    seen.push({ uidl, content: await peer.askBody(`RETR ${index + 1}`) })
  await peer.ask('QUIT')
  await peer.end()
  return seen
}
