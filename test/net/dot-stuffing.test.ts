import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DotStuffer, DotUnstuffer } from '../../src/net/dot-stuffing.ts'
import { cutAt } from '../cut-at.ts'

function stuff(chunks: readonly Uint8Array[]): Buffer {
  const stuffer = new DotStuffer()
  const sent: Uint8Array[] = []
  for (const chunk of chunks) stuffer.stuff(chunk, piece => sent.push(piece))
  return Buffer.concat(sent)
}

/** The message, and what lay behind its terminating line; undefined while that did not come. */
function unstuff(chunks: readonly Uint8Array[]): { message: Buffer; rest: Buffer | undefined } {
  const unstuffer = new DotUnstuffer()
  const parts: Uint8Array[] = []
  let rest: Buffer | undefined
  for (const chunk of chunks) {
    if (rest) rest = Buffer.concat([rest, chunk])
    else {
      const end = unstuffer.unstuff(chunk, piece => parts.push(Buffer.from(piece)))
      if (end >= 0) rest = Buffer.from(chunk.subarray(end))
    }
  }
  return { message: Buffer.concat(parts), rest }
}

/** Cuts octets at the places given. */
/** Message text in its wire form, rich in what matters: dots, line ends, lone CRs, lone LFs. */
const wireText = fc
  .array(
    fc.constantFrom('.', '..', '\r\n', 'a', 'a.b', '\r', '\n', '\r\n.\r\n', '.'.repeat(40), 'x'.repeat(30)),
  )
  .map(parts => Buffer.from(`${parts.join('')}\r\n`))
const cuts = fc.array(fc.nat(300))

describe('dot-stuffing', () => {
  it.each([
    ['a\r\nb\r\n', 'a\r\nb\r\n', 'nothing to do'],
    ['.a\r\n', '..a\r\n', 'the very first octet'],
    ['a\r\n.\r\n', 'a\r\n..\r\n', 'a lone dot'],
    ['a\r\n..\r\n', 'a\r\n...\r\n', 'two dots become three'],
    ['a.\r\nb.c\r\n', 'a.\r\nb.c\r\n', 'dots elsewhere'],
    ['a\n.\r\n', 'a\n..\r\n', 'a dot behind a bare LF'],
    ['a\r.\r\n', 'a\r.\r\n', 'a lone CR ends no line'],
    [
      'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t\r\n.u\r\n',
      'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t\r\n..u\r\n',
      'many dots first',
    ],
    ['', '', 'nothing at all'],
  ])('%j goes as %j: %s', (message, wire) => {
    expect(stuff([Buffer.from(message)]).toString()).toBe(wire)
  })

  it('is the same however the message was cut, and as the plain definition says', () => {
    fc.assert(
      fc.property(wireText, cuts, (message, places) => {
        const defined = message.toString('latin1').replace(/(^|\n)\./g, '$1..')
        expect(stuff(cutAt(message, places)).toString('latin1')).toBe(defined)
      }),
    )
  })

  it('copies nothing of a message without dots', () => {
    const chunk = Buffer.from('a\r\nb\r\n')
    const pieces: Uint8Array[] = []
    new DotStuffer().stuff(chunk, piece => pieces.push(piece))
    expect(pieces).toHaveLength(1)
    expect(pieces[0]).toBe(chunk)
  })
})

describe('unstuffing', () => {
  it('gives back what was stuffed, and what follows, wherever the octets were cut', () => {
    fc.assert(
      fc.property(wireText, cuts, (octets, places) => {
        const wire = Buffer.concat([stuff([octets]), Buffer.from('.\r\n+OK next')])
        const { message: back, rest } = unstuff(cutAt(wire, places))
        expect(back.toString('latin1')).toBe(octets.toString('latin1'))
        expect(rest?.toString()).toBe('+OK next')
      }),
    )
  })

  it.each([
    ['.\r\n', '', 'an empty message'],
    ['.\n', '', 'a terminator without CR'],
    ['..\r\n.\r\n', '.\r\n', 'a dot that was stuffed'],
    ['.\rx\r\n.\r\n', '\rx\r\n', 'a dot and a lone CR'],
  ])('%j is %j: %s', (wire, message) => {
    expect(unstuff([Buffer.from(wire)])).toEqual({ message: Buffer.from(message), rest: Buffer.alloc(0) })
  })

  it('does not end without the terminating line', () => {
    expect(unstuff([Buffer.from('a\r\n.')]).rest).toBeUndefined()
    expect(unstuff([Buffer.from('a\r\n.\r')]).rest).toBeUndefined()
    expect(unstuff([Buffer.from('a.\r\n')]).rest).toBeUndefined()
  })
})
