// What a client program must tell of itself to be tested over TLS.
import type { AwkwardMessage } from '../awkward-messages.ts'
import type { TlsOffice } from './office.ts'

/** `pop3s`: TLS from the first octet. `stls`: it begins in clear, and says STLS. */
export type Transport = 'pop3s' | 'stls'

export interface Login {
  readonly transport: Transport
  /** As the log calls it; `password` is USER and PASS. */
  readonly mechanism: string
  readonly user: string
  /** The authority it trusts. */
  readonly caFile: string
  /** As whom it calls the server. */
  readonly host: string
}

export interface PopClient {
  readonly name: string
  /** What it is called on the command line. */
  readonly program: string
  /** Those it knows, and can be told to use. */
  readonly ways: readonly (readonly [Transport, readonly string[]])[]
  /** All but those that the client itself changes on the way. */
  readonly messages: readonly AwkwardMessage[]
  /** How often it logs in to fetch them all. Default once. */
  readonly logins?: number
  /** What it got, in any order. Throws, or gives nothing, when it went away. */
  fetch(office: TlsOffice, login: Login): Promise<readonly Buffer[]>
}

export const passwordOf = (user: string) => `${user}-secret`

export function portOf({ ports }: TlsOffice, transport: Transport): number {
  return transport === 'pop3s' ? ports.pop3s : ports.pop3
}
