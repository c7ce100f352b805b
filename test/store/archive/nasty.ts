// Messages that are hard to keep exactly, and the ways tests feed and gather octets.
import fc from 'fast-check'
import type { StoredMessage } from '../../../src/mail/archive-store.ts'
import { type Flag, flagBits } from '../../../src/mail/flags.ts'
import { WireForm } from '../../../src/mail/message/wire-form.ts'
import type { Octets } from '../../../src/mail/octets.ts'

/** Lines and halves of lines that archive formats stumble over. */
const nastyPieces = [
  'From ann Thu Nov 20 19:17:00 2026',
  'From here on it is text',
  '>From x',
  '>>>From y Thu Nov 20 19:17:00 2026',
  '>',
  'F',
  'Fro',
  '.',
  '..',
  '.From ',
  '\r',
  '\n',
  '\r\n',
  '\r\r\n',
  '\n\n',
  '\r\n\r\n',
  '\0',
  'Subject: x',
  'X-UIDL: theirs',
  'X-Poplar-Export: 2020-01-01T00:00:00.000Z',
  'Status: RO',
  'X-Status: F',
  'Content-Length: 3',
  'long '.repeat(300),
  '\u00e9\u00ff',
] as const

/** Octets as they might come from anywhere, Latin-1. */
export const nastyOctets = fc
  .array(fc.oneof(fc.constantFrom(...nastyPieces), fc.constant('\n'), fc.string({ maxLength: 20 })), {
    maxLength: 30,
  })
  .map(pieces => Uint8Array.from(Buffer.from(pieces.join(''), 'latin1')))

/** The wire form of nasty octets: what a store may hold. */
export const nastyContent = nastyOctets.map(toWireForm)

const someFlags = fc.subarray(Object.keys(flagBits) as Flag[])

const someUidls = fc.uniqueArray(
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 70,
  }),
  { minLength: 1, maxLength: 6 },
)

export function toWireForm(octets: Uint8Array): Uint8Array {
  const form = new WireForm()
  return Uint8Array.from(Buffer.concat([form.push(octets), form.end()]))
}

/** The octets in pieces of `pieceOctets`. */
export function* inPieces(octets: Uint8Array, pieceOctets: number): Generator<Uint8Array> {
  for (let at = 0; at < octets.length; at += pieceOctets) yield octets.slice(at, at + pieceOctets)
}

export async function gather(octets: Octets): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of octets) pieces.push(piece)
  return Buffer.concat(pieces)
}

export interface Sample {
  readonly content: Uint8Array
  readonly uidl: string
  readonly internalDate: Date
  readonly flags: readonly Flag[]
}

/** Maildrops of a few messages. */
export const samples: fc.Arbitrary<Sample[]> = someUidls.chain(uidls =>
  fc.tuple(
    ...uidls.map(uidl =>
      fc.record({
        content: nastyContent,
        uidl: fc.constant(uidl),
        internalDate: fc.date({
          min: new Date('1971-01-01'),
          max: new Date('2090-01-01'),
          noInvalidDate: true,
        }),
        flags: someFlags,
      }),
    ),
  ),
)

/** What an archive store would give of them. */
export async function* asStored(messages: readonly Sample[], pieceOctets = 7): AsyncGenerator<StoredMessage> {
  for (const { content, ...facts } of messages) {
    yield {
      ...facts,
      octets: content.length,
      headerOctets: 0,
      dotLines: 0,
      body: inPieces(content, pieceOctets),
    }
  }
}
