// What the client has to do with any server, in the order in which it is played: nothing is deleted before the last case.
import { expect } from 'vitest'
import {
  connect,
  type Listing,
  password,
  type Session,
  type WireFrame,
} from '../../../../src/pop3/client/index.ts'
import { behindTrace, fingerprint } from '../../../interop/awkward-messages.ts'
import { account, byHand, inSession, optionsFor, type PeerCase, type Scene } from './peer-case.ts'

export const peerCases: readonly PeerCase[] = [
  { title: 'lists what there is, with sizes and unique ids', play: listing },
  { title: 'retrieves every octet as it was sent, and as it was delivered', play: retrieval },
  { title: 'reads headers, and lines of the body', play: headers },
  { title: 'asks ahead where the server has PIPELINING, and only there', play: askingAhead },
  { title: 'puts TLS on the connection', play: tls },
  { title: 'logs in by each mechanism', play: mechanisms },
  { title: 'tells a wrong password', play: wrongPassword },
  { title: 'tells a maildrop in use', play: inUse },
  { title: 'deletes nothing without a commit', play: abandon },
  { title: 'deletes at commit what was marked', play: commit },
]

async function listing(scene: Scene): Promise<void> {
  const [list, uidl] = await byHand(scene, async peer => [
    await peer.askBody('LIST'),
    await peer.askBody('UIDL'),
  ])
  await inSession(scene, async session => {
    const found = await session.listing()
    expect(found.anomalies).toEqual([])
    expect(found.map(({ number, octets }) => `${number} ${octets}`)).toEqual(linesOf(list))
    expect(found.map(({ number, uidl: id }) => `${number} ${id}`)).toEqual(linesOf(uidl))
    expect(found).toHaveLength(scene.messages.length)
    expect([...session.capabilities.tags]).toEqual(expect.arrayContaining([...scene.known.announces]))
  })
}

async function retrieval(scene: Scene): Promise<void> {
  const { messages, known } = scene
  const sent = await byHand(scene, peer => eachOf(messages, (_, index) => peer.askBody(`RETR ${index + 1}`)))
  const found = await inSession(scene, async session => bodiesOf(session, await session.listing()))
  expect(found.map(fingerprint)).toEqual(sent.map(fingerprint))
  for (const [index, octets] of found.entries()) expect(octets.equals(sent[index] ?? Buffer.of())).toBe(true)
  // Courier lists what came in the same second in an order of its own.
  const spoilt = messages.filter(({ name, content }) => {
    const octets = found.find(each => each.includes(`Subject: ${name}\r\n`)) ?? Buffer.of()
    const text = behindTrace(octets).toString('latin1')
    return !Buffer.from(known.adds ? text.replace(known.adds, '') : text, 'latin1').equals(content)
  })
  expect(spoilt.map(({ name }) => name)).toEqual(Object.keys(known.spoils))
}

async function headers(scene: Scene): Promise<void> {
  for (const lines of [0, 2]) {
    const sent = await byHand(scene, peer =>
      eachOf(scene.messages, (_, index) => peer.askBody(`TOP ${index + 1} ${lines}`)),
    )
    const found = await inSession(scene, async session => {
      const texts: Buffer[] = []
      for await (const { body } of session.headers(await session.listing(), { lines }))
        texts.push(Buffer.from(await body.bytes()))
      return texts
    })
    expect(found.map(fingerprint)).toEqual(sent.map(octets => fingerprint(topOf(octets, lines))))
  }
}

/** Without what TOP should not have given: Mailutils does not count the first line of the body when that is blank. */
function topOf(octets: Buffer, lines: number): Buffer {
  const all = linesOf(octets)
  const blank = all.indexOf('')
  if (blank < 0) return octets
  return Buffer.from(
    all
      .slice(0, blank + 1 + lines)
      .map(line => `${line}\r\n`)
      .join(''),
    'latin1',
  )
}

async function askingAhead(scene: Scene): Promise<void> {
  const frames: WireFrame[] = []
  const bodies = await inSession(scene, async session => bodiesOf(session, await session.listing()), {
    tap: frame => frames.push({ ...frame, octets: Uint8Array.from(frame.octets) }),
  })
  expect(bodies).toHaveLength(scene.messages.length)
  const directions = frames.map(({ direction, octets }) =>
    direction === 'sent' && Buffer.from(octets).includes('RETR ') ? 'RETR' : direction,
  )
  const first = directions.indexOf('RETR')
  expect(directions[first + 1]).toBe(scene.known.announces.includes('PIPELINING') ? 'RETR' : 'received')
}

async function tls(scene: Scene): Promise<void> {
  if (!scene.known.announces.includes('STLS')) {
    await expect(connect(optionsFor(scene, { tls: 'stls' }))).rejects.toMatchObject({ code: 'tls-failed' })
    return
  }
  const clear = await inSession(scene, async session => bodiesOf(session, await session.listing()))
  const secured = { tls: 'stls', allowCleartextAuth: false } as const
  const found = await inSession(scene, async session => bodiesOf(session, await session.listing()), secured)
  expect(found.map(fingerprint)).toEqual(clear.map(fingerprint))
  // Its certificate is its own: nobody vouches for it.
  const judged = optionsFor(scene, { ...secured, certificate: { verify: true } })
  await expect(connect(judged)).rejects.toMatchObject({ code: 'tls-failed' })
}

async function mechanisms(scene: Scene): Promise<void> {
  const { user, password: secret } = account
  for (const mechanism of scene.known.mechanisms) {
    const isPlus = mechanism.endsWith('-PLUS')
    const auth = password(user, secret, { mechanisms: [mechanism as 'PLAIN'] })
    const listed = await inSession(scene, session => session.listing(), {
      auth,
      ...(isPlus && { tls: 'stls' }),
    })
    expect(listed, mechanism).toHaveLength(scene.messages.length)
  }
}

async function wrongPassword(scene: Scene): Promise<void> {
  const auth = password(account.user, 'another')
  const refused = connect(optionsFor(scene, { auth }))
  await expect(refused).rejects.toMatchObject({ code: 'login-refused', phase: 'login' })
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('another') as string })
}

async function inUse(scene: Scene): Promise<void> {
  const { inUse: outcome } = scene.known
  await inSession(scene, async session => {
    const second = connect(optionsFor(scene))
    const code = await second.then(
      other => {
        other.abandon()
        return 'lets in'
      },
      (error: { readonly code?: string }) => error.code,
    )
    expect(code).toBe(outcome)
    // Whoever was first is not disturbed.
    expect(await session.listing()).toHaveLength(scene.messages.length)
  })
}

async function abandon(scene: Scene): Promise<void> {
  const before = await inSession(scene, async session => {
    const found = await session.listing()
    for (const ref of found) session.markDeleted(ref)
    // The answer to another command comes behind those to DELE.
    await session.noop()
    return keysOf(found)
  })
  await inSession(scene, async session => {
    const found = await session.listing()
    expect(keysOf(found)).toEqual(before)
    for (const ref of found) session.markDeleted(ref)
    await session.reset()
    expect(await session.commit()).toEqual({ deleted: 0, refused: [], state: 'committed' })
  })
  expect(await inSession(scene, async session => keysOf(await session.listing()))).toEqual(before)
}

async function commit(scene: Scene): Promise<void> {
  const isTaken = (_: unknown, index: number) => index % 3 === 0
  const [taken, kept] = await inSession(scene, async session => {
    const found = await session.listing()
    for await (const message of session.retrieve(found.filter(isTaken))) {
      await message.body.bytes()
      message.markDeleted()
    }
    const marked = keysOf(found).filter(isTaken)
    expect(await session.commit()).toEqual({ deleted: marked.length, refused: [], state: 'committed' })
    return [marked, keysOf(found).filter(key => !marked.includes(key))]
  })
  const left = await inSession(scene, async session => keysOf(await session.listing()))
  expect(taken.length).toBeGreaterThan(1)
  expect(left).toEqual(kept)
}

async function bodiesOf(session: Session, listed: Listing): Promise<Buffer[]> {
  const bodies: Buffer[] = []
  for await (const { body } of session.retrieve(listed)) bodies.push(Buffer.from(await body.bytes()))
  return bodies
}

function keysOf(listed: Listing): (string | undefined)[] {
  return listed.map(({ key }) => key)
}

async function eachOf<T, U>(items: readonly T[], work: (item: T, index: number) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (const [index, item] of items.entries()) results.push(await work(item, index))
  return results
}

function linesOf(octets: Buffer): string[] {
  return octets.toString('latin1').split('\r\n').slice(0, -1)
}
