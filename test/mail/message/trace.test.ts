import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../../src/mail/envelope.ts'
import { copyTrace, dateTime, receivedField, transmissionType } from '../../../src/mail/message/trace.ts'

const envelope: Envelope = {
  reversePath: 'ann@elsewhere.example',
  forwardPaths: ['bob@example.org'],
  peerAddress: '192.0.2.1',
  heloName: 'client.example',
  protocol: 'ESMTP',
  smtpUtf8: false,
  sessionId: 's1',
  receivedAt: new Date(Date.UTC(2026, 10, 5, 7, 8, 9)),
}

const received = (change: Partial<Envelope> = {}) =>
  Buffer.from(receivedField({ ...envelope, ...change }, 'mx.example.org', 'ID1')).toString()

/** The fields of a header block, folded lines joined. */
const fieldsOf = (text: string) =>
  text
    .replace(/\r\n[\t ]/g, ' ')
    .split('\r\n')
    .slice(0, -1)

describe('trace fields', () => {
  it('tells who handed the message in, to whom, how and when', () => {
    expect(received()).toBe(
      'Received: from client.example ([192.0.2.1])\r\n' +
        '\tby mx.example.org (Poplar) with ESMTP id ID1\r\n' +
        '\tfor <bob@example.org>;\r\n' +
        '\tThu, 05 Nov 2026 07:08:09 +0000\r\n',
    )
  })

  it.each<[Partial<Envelope>, RegExp, string]>([
    [{ forwardPaths: ['a@x', 'b@x'] }, /^(?!.* for )/s, 'several recipients must not learn of each other'],
    [{ forwardPaths: ['a@x', 'a@x'] }, /for <a@x>/, 'one recipient named twice is one'],
    [{ peerAddress: '2001:db8::1' }, /\(\[IPv6:2001:db8::1\]\)/, 'an IPv6 peer'],
    [{ heloName: '[192.0.2.9]' }, /from \[192\.0\.2\.9\] \(\[192/, 'a literal for a name'],
    [{ heloName: undefined }, /from \[192\.0\.2\.1\]\r\n/, 'no name'],
    [
      { heloName: undefined, peerAddress: undefined, protocol: undefined },
      /^Received: by mx\.example\.org \(Poplar\) id ID1\r\n/,
      'no network',
    ],
    [{ heloName: 'bücher.example' }, /from b\?cher\.example/, 'no UTF-8 without SMTPUTF8'],
    [{ heloName: 'bücher.example', smtpUtf8: true }, /from bücher\.example/, 'UTF-8 with SMTPUTF8'],
    [{ heloName: '' }, /from unknown/, 'an empty name'],
    [
      { protocol: 'ESMTPS', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
      /with ESMTPS id ID1\r\n\tfor <bob@example\.org>\r\n\ttls TLS_AES_128_GCM_SHA256;\r\n/,
      'the cipher suite in the clause of RFC 8314',
    ],
  ])('writes %j as %s: %s', (change, pattern) => {
    expect(received(change)).toMatch(pattern)
  })

  it.each([
    ['x\r\nBcc: everyone@example.org', 'CRLF'],
    ['x\nBcc: everyone@example.org', 'LF'],
    ['x)\r\n\r\nbody (', 'an empty line'],
    ['x) by trusted.example (', 'the end of a comment'],
    ['x; Thu, 1 Jan 1970 00:00:00 +0000', 'a date'],
    ['x\0\u0085\u2028y', 'NUL, NEL, a line separator'],
    ['a>, <b', 'angle brackets'],
    ['a'.repeat(5_000), 'a line above 998 octets'],
  ])('stays one field when the peer says %j: %s', text => {
    const trace =
      received({ heloName: text, forwardPaths: [text.slice(0, 254)], peerAddress: text.slice(0, 254) }) +
      Buffer.from(copyTrace(text.slice(0, 254), text.slice(0, 254))).toString()
    expect(fieldsOf(trace).map(field => field.split(':')[0])).toEqual([
      'Received',
      'Return-Path',
      'Delivered-To',
    ])
    expect(trace.split('\r\n').filter(line => Buffer.byteLength(line) > 998)).toEqual([])
    expect(fieldsOf(trace)[0]).toMatch(/^Received: from [^ ;()]+ \(\[[^ ;()]+\]\) by mx\.example\.org /)
  })

  it('never lets a line break through, whatever the peer says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        const lines = received({ heloName: text, peerAddress: text, smtpUtf8: true }).split(
          /[\r\n\u0085\u2028\u2029]/,
        )
        expect(lines.filter(line => line !== '')).toHaveLength(4)
      }),
    )
  })

  it('writes the null reverse-path, and each copy for itself', () => {
    expect(Buffer.from(copyTrace('', 'bob@example.org')).toString()).toBe(
      'Return-Path: <>\r\nDelivered-To: bob@example.org\r\n',
    )
  })

  it.each([
    [Date.UTC(2026, 0, 1), 'Thu, 01 Jan 2026 00:00:00 +0000'],
    [Date.UTC(2024, 1, 29, 23, 59, 59, 999), 'Thu, 29 Feb 2024 23:59:59 +0000'],
  ])('writes the time %i as %s', (time, text) => {
    expect(dateTime(new Date(time))).toBe(text)
  })

  it.each<[...Parameters<typeof transmissionType>, string, string]>([
    ['SMTP', { smtpUtf8: true, secure: true }, 'SMTP', 'HELO knows no extension'],
    ['ESMTP', {}, 'ESMTP', 'RFC 1869'],
    ['ESMTP', { secure: true }, 'ESMTPS', 'RFC 3848'],
    ['ESMTP', { authenticated: true }, 'ESMTPA', 'RFC 3848'],
    ['ESMTP', { secure: true, authenticated: true }, 'ESMTPSA', 'RFC 3848'],
    ['LMTP', { secure: true }, 'LMTPS', 'RFC 3848'],
    ['ESMTP', { smtpUtf8: true, secure: true }, 'UTF8SMTPS', 'RFC 6531'],
    ['LMTP', { smtpUtf8: true }, 'UTF8LMTP', 'RFC 6531'],
  ])('names %s with %j %s: %s', (dialogue, facts, name) => {
    expect(transmissionType(dialogue, facts)).toBe(name)
  })
})
