// A transcript on disk has no secret in it, however it was sent, and gives the same octets when it is read again.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secrets } from '../../src/conformance/secrets.ts'
import type { TranscriptEntry } from '../../src/conformance/transcript.ts'
import { formatTranscript, parseTranscript } from '../../src/conformance/transcript-file.ts'

const password = 'correct horse 1'
const secrets = new Secrets(password)
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')

function sent(...texts: readonly string[]): readonly TranscriptEntry[] {
  return texts.map((text, at) => ({
    atMs: at,
    wire: 'first',
    direction: 'sent',
    octets: Buffer.from(text, 'latin1'),
  }))
}

function octetsOf(entries: readonly { readonly octets: Uint8Array }[]): string[] {
  return entries.map(({ octets }) => Buffer.from(octets).toString('latin1'))
}

describe('secrets', () => {
  it.each([
    { why: 'PASS', texts: [`PASS ${password}\r\n`], says: 'PASS {password}' },
    { why: 'octet by octet', texts: [...`PASS ${password}\r\n`], says: '{password[0:1]}' },
    {
      why: 'PLAIN',
      texts: [`AUTH PLAIN ${base64(`\0ann\0${password}`)}\r\n`],
      says: '{base64 \\x00ann\\x00{pass',
    },
    { why: 'LOGIN', texts: [`${base64(password)}\r\n`], says: '{base64 {password}}' },
    {
      why: 'PLAIN, cut',
      texts: ['AUTH PLAIN ', base64(`\0ann\0${password}`).slice(0, 9), base64(`\0ann\0${password}`).slice(9)],
      says: '[0:9]}',
    },
    {
      why: 'LOGIN, a beginning',
      texts: [`${base64(password.slice(0, -3))}\r\n`],
      says: '{base64 {password[0:12]}}',
    },
    {
      why: 'a wrong one that begins like it',
      texts: [`PASS ${password.slice(0, -2)}x\r\n`],
      says: 'PASS {password[0:13]}x',
    },
  ])('are not in the file, and are back when it is read: $why', ({ texts, says }) => {
    const entries = sent(...texts)
    const text = formatTranscript({ header: { case: 'x', reason: `it says ${password}` }, entries }, secrets)
    expect(text).toContain(says)
    for (const secret of [
      password,
      password.slice(0, -2),
      base64(password),
      base64(password.slice(0, -3)),
      base64(`\0ann\0${password}`),
    ])
      expect(text).not.toContain(secret)
    const read = parseTranscript(text, secrets)
    expect(octetsOf(read.entries)).toEqual(octetsOf(entries))
    expect(read.entries.some(({ isIncomplete }) => isIncomplete)).toBe(false)
  })

  it.each([
    { why: 'APOP', text: `APOP ann ${'0123456789abcdef'.repeat(2)}\r\n` },
    { why: 'CRAM-MD5', text: `${base64(`ann ${'0123456789abcdef'.repeat(2)}`)}\r\n` },
    { why: 'SCRAM', text: `${base64('c=biws,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=')}\r\n` },
    { why: 'the password in capitals', text: `PASS ${password.toUpperCase()}\r\n` },
    { why: 'base64 that is none', text: `AUTH PLAIN *${base64(`\0ann\0${password}`).slice(1)}*\r\n` },
  ])('that cannot come back are marked: $why', ({ text }) => {
    const written = formatTranscript({ header: {}, entries: sent(text) }, secrets)
    expect(written).toContain('{hidden ')
    const [entry] = parseTranscript(written, secrets).entries
    expect(entry?.isIncomplete).toBe(true)
  })
})

it('whatever octets come are the same when they are read again', () => {
  const packet = fc.record({
    wire: fc.constantFrom('first', 'second'),
    direction: fc.constantFrom('sent' as const, 'received' as const),
    octets: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 30 }).map(text => Buffer.from(`{${text}}\\x${text} \r\n`, 'latin1')),
    ),
  })
  fc.assert(
    fc.property(fc.array(packet), packets => {
      const entries = packets.map((each, at) => ({ ...each, atMs: at }))
      const read = parseTranscript(formatTranscript({ header: { case: 'x' }, entries }, secrets), secrets)
      expect(read.header).toEqual({ case: 'x' })
      expect(octetsOf(read.entries)).toEqual(octetsOf(entries))
      expect(read.entries.map(({ wire, direction }) => ({ wire, direction }))).toEqual(
        packets.map(({ wire, direction }) => ({ wire, direction })),
      )
    }),
  )
})

it.each([
  { text: 'something else\n', says: 'the first line is not' },
  { text: 'poplar check transcript, format 1\ncase: x\n\n  1.0 first ? STAT\n', says: 'line 4 is no packet' },
  { text: 'poplar check transcript, format 1\nno header\n\n', says: 'line 2 has no' },
])('what is no transcript is refused: $says', ({ text, says }) => {
  expect(() => parseTranscript(text, secrets)).toThrow(says)
})
