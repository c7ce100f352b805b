import { describe, expect, it } from 'vitest'
import { LineAge } from '../../src/net/line-age.ts'
import { LineReader } from '../../src/net/line-reader.ts'

describe('the age of a line', () => {
  it('runs from when it was first seen unfinished, whatever comes in meanwhile', () => {
    const [lines, age] = [new LineReader(), new LineAge()]
    expect(age.of(lines, 0, 100)).toBe(0)
    lines.push(Buffer.from('N'))
    expect(age.of(lines, 0, 200)).toBe(100)
    lines.push(Buffer.from('O'))
    lines.next({ octets: 255 })
    expect(age.of(lines, 0, 5_000)).toBe(4_900)
  })

  it('begins again with the next line, though none was seen to end', () => {
    const [lines, age] = [new LineReader(), new LineAge()]
    lines.push(Buffer.from('N'))
    age.of(lines, 0, 100)
    lines.push(Buffer.from('OOP\r\nN'))
    lines.next({ octets: 255 })
    expect(age.of(lines, 1, 5_000)).toBe(0)
    lines.push(Buffer.from('OOP\r\n'))
    lines.next({ octets: 255 })
    expect(age.of(lines, 2, 9_000)).toBe(0)
  })

  it('counts a line that is too long, and of which nothing is kept', () => {
    const [lines, age] = [new LineReader(), new LineAge()]
    lines.push(Buffer.from('x'.repeat(99)))
    lines.next({ octets: 16 })
    lines.next({ octets: 16 })
    expect(lines.pendingOctets).toBe(0)
    age.of(lines, 1, 100)
    expect(age.of(lines, 1, 600)).toBe(500)
  })
})
