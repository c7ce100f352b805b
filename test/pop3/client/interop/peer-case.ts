// What a case of these tests is given: a server that is not ours, with mail in its one maildrop, and ways to reach it.
import type { Peer } from '../../../../peers/peer.ts'
import { type ConnectOptions, connect, password, type Session } from '../../../../src/pop3/client/index.ts'
import { LinePeer } from '../../../e2e/line-peer.ts'
import type { AwkwardMessage } from '../../../interop/awkward-messages.ts'

/** What is known of a server and differs between them. */
export interface Known {
  readonly peer: Peer
  /** Messages that its delivery does not take, by name: why. */
  readonly refuses: Readonly<Record<string, string>>
  /** Messages that do not lie in the maildrop as they were delivered, by name: what became of them. */
  readonly spoils: Readonly<Record<string, string>>
  /** Fields that it adds at the end of a header, as lines. */
  readonly adds?: RegExp
  /** What who comes second is told. */
  readonly inUse: 'maildrop-in-use' | 'login-refused' | 'lets in'
  /** What it announces that the cases below are about. */
  readonly announces: readonly ('PIPELINING' | 'STLS' | 'TOP' | 'UIDL')[]
  /** Mechanisms by which its account is let in, besides USER and PASS. */
  readonly mechanisms: readonly string[]
}

export interface Scene {
  readonly known: Known
  readonly port: number
  /** As they were delivered, in order. */
  readonly messages: readonly AwkwardMessage[]
}

export interface PeerCase {
  readonly title: string
  readonly play: (scene: Scene) => Promise<void>
}

export const account = { user: 'ann', password: 'correct-horse-1' } as const

export function optionsFor({ port }: Scene, options: Partial<ConnectOptions> = {}): ConnectOptions {
  const { user, password: secret } = account
  return {
    host: '127.0.0.1',
    port,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password(user, secret),
    certificate: { verify: false },
    ...options,
  }
}

/** Runs with a session of the client, which is gone afterwards. */
export async function inSession<T>(
  scene: Scene,
  work: (session: Session) => Promise<T>,
  options?: Partial<ConnectOptions>,
): Promise<T> {
  const session = await connect(optionsFor(scene, options))
  try {
    return await work(session)
  } finally {
    session.abandon()
    await leftAlone(scene)
  }
}

/** The same with a peer that has none of the client's code: what it reads is what the server sends. */
export async function byHand<T>(scene: Scene, work: (peer: LinePeer) => Promise<T>): Promise<T> {
  const peer = await freeMaildrop(scene)
  try {
    const result = await work(peer)
    await peer.ask('QUIT')
    return result
  } finally {
    peer.drop()
  }
}

/** Servers see that a connection is gone when they look. */
async function leftAlone(scene: Scene): Promise<void> {
  const peer = await freeMaildrop(scene)
  await peer.ask('QUIT')
  peer.drop()
}

async function freeMaildrop({ port }: Scene): Promise<LinePeer> {
  for (;;) {
    const peer = await LinePeer.logIn(port, account.user, account.password).catch(() => undefined)
    if (peer) return peer
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
