// The types of the door `poplar-mail/pop3/client`, as its users write them down: what compiles here compiles for them, and what is
// an error must stay one. Nothing of it is run; the compiler is the test (`npm run types`, surface.test.ts).
import type { Readable } from 'node:stream'
import { expectTypeOf } from 'vitest'
import type * as client from '../../../src/pop3/client/index.ts'
import { connect, external, oauth2, Pop3Error, password } from '../../../src/pop3/client/index.ts'

export function theDoor(): void {
  type Values = 'connect' | 'external' | 'oauth2' | 'password' | 'Pop3Error' | 'profiles' | 'ServerMemory'
  expectTypeOf<keyof typeof client>().toEqualTypeOf<Values>()
}

export async function connecting(session: client.Session): Promise<void> {
  const auth = password('ann', 'secret', { mechanisms: ['SCRAM-SHA-256-PLUS', 'APOP'] })
  expectTypeOf(auth).toEqualTypeOf<client.Credentials>()
  expectTypeOf(oauth2('ann', async isRetry => String(isRetry))).toEqualTypeOf<client.Credentials>()
  expectTypeOf(external()).toEqualTypeOf<client.Credentials>()
  expectTypeOf(connect).parameters.toEqualTypeOf<[client.ConnectOptions]>()
  expectTypeOf(connect).returns.toEqualTypeOf<Promise<client.Session>>()
  expectTypeOf<client.TlsPolicy>().toEqualTypeOf<'implicit' | 'stls' | 'opportunistic' | 'none'>()
  // A host and who logs in are all that must be said.
  expectTypeOf<{ host: string; auth: client.Credentials }>().toExtend<client.ConnectOptions>()
  expectTypeOf<Required<client.Timeouts>>().toEqualTypeOf<{
    readonly connect: number
    readonly greeting: number
    readonly command: number
    readonly stall: number
  }>()
  expectTypeOf<keyof client.Limits>().toEqualTypeOf<'line' | 'message' | 'listEntries' | 'drain'>()
  expectTypeOf(session.closed).toEqualTypeOf<Promise<Pop3Error | undefined>>()
  expectTypeOf(session).toExtend<AsyncDisposable>()

  // @ts-expect-error Nobody logs in by chance.
  await connect({ host: 'pop.example.net' })
  // @ts-expect-error There is no such policy.
  await connect({ host: 'pop.example.net', auth, tls: true })
  // @ts-expect-error An option that is misspelt would be one that does not hold.
  await connect({ host: 'pop.example.net', auth, timeout: 5 })
  // @ts-expect-error A mechanism that nobody has.
  password('ann', 'secret', { mechanisms: ['DIGEST-MD5'] })
}

export async function listing(session: client.Session): Promise<void> {
  const listed = await session.listing({ signal: AbortSignal.timeout(1) })
  expectTypeOf(listed).toEqualTypeOf<client.Listing>()
  expectTypeOf(listed).toExtend<readonly client.MessageRef[]>()
  expectTypeOf<client.MessageRef>().toEqualTypeOf<{
    readonly number: number
    readonly octets: number | undefined
    readonly uidl: string | undefined
    readonly key: string | undefined
  }>()
  expectTypeOf<client.ListingAnomaly['kind']>().toEqualTypeOf<
    'only-in-list' | 'only-in-uidl' | 'gap' | 'duplicate-uidl' | 'unreadable-line' | 'listed-twice'
  >()
  // @ts-expect-error What a server has listed is not ours to change.
  listed.length = 0
}

export async function retrieving(session: client.Session, refs: readonly client.MessageRef[]): Promise<void> {
  const messages = session.retrieve(refs, { window: 16, windowBytes: 1 << 20 })
  expectTypeOf(messages).toEqualTypeOf<AsyncGenerator<client.Message, void>>()
  expectTypeOf(session.headers(refs, { lines: 2 })).toEqualTypeOf<AsyncGenerator<client.Message, void>>()
  for await (const message of messages) {
    await using scoped = message
    expectTypeOf(scoped.ref).toEqualTypeOf<client.MessageRef>()
    expectTypeOf(scoped.error).toEqualTypeOf<Pop3Error | undefined>()
    expectTypeOf(scoped.body).toExtend<AsyncIterable<Uint8Array>>()
    expectTypeOf(scoped.body.bytes({ max: 1 })).toEqualTypeOf<Promise<Uint8Array>>()
    expectTypeOf(scoped.body.toNodeStream()).toEqualTypeOf<Readable>()
    expectTypeOf(scoped.body.toWebStream()).toEqualTypeOf<ReadableStream<Uint8Array>>()
    for await (const chunk of scoped.body) expectTypeOf(chunk).toEqualTypeOf<Uint8Array>()
    expectTypeOf(scoped.markDeleted()).toEqualTypeOf<void>()
  }
  // @ts-expect-error Numbers hold for a session: what is deleted is what it has listed.
  session.markDeleted(1)
}

export async function ending(session: client.Session): Promise<void> {
  expectTypeOf(await session.commit()).toEqualTypeOf<{
    readonly deleted: number
    readonly refused: readonly client.MessageRef[]
    readonly state: 'committed' | 'unknown'
  }>()
  expectTypeOf(session.abandon()).toEqualTypeOf<void>()
}

export function failures(error: unknown): void {
  if (!(error instanceof Pop3Error)) return
  expectTypeOf(error.code).toEqualTypeOf<client.Pop3ErrorCode>()
  expectTypeOf<'login-refused' | 'maildrop-in-use' | 'login-delay'>().toExtend<client.Pop3ErrorCode>()
  expectTypeOf(error.phase).toEqualTypeOf<
    'connect' | 'greeting' | 'tls' | 'login' | 'transaction' | 'update'
  >()
  expectTypeOf(error.retry).toEqualTypeOf<'now' | 'later' | 'never'>()
  expectTypeOf(error.notBefore).toEqualTypeOf<Date | undefined>()
  expectTypeOf(error.responseCode).toEqualTypeOf<string | undefined>()
  // @ts-expect-error A code that does not exist is compared with in vain.
  if (error.code === 'wrong-password') return
}
