// A message on its way to a program of Unix.
import { describe, expect, it } from 'vitest'
import { unixLines } from '../../peers/handing-over.ts'

describe('unixLines', () => {
  const rows = [
    { what: 'CRLF becomes LF', from: 'a\r\n\r\nb\r\n', to: 'a\n\nb\n' },
    { what: 'the last line is ended', from: 'a\r\nb', to: 'a\nb\n' },
    { what: 'a lone CR and a lone LF stay', from: 'a\rb\nc\r\n', to: 'a\rb\nc\n' },
    { what: 'octets stay octets', from: '\x00\x80\xff\r\n', to: '\x00\x80\xff\n' },
  ]
  it.each(rows)('$what', ({ from, to }) => {
    expect(unixLines(Buffer.from(from, 'latin1')).toString('latin1')).toBe(to)
  })
})
