// Tables, sizes and times as commands print them.
import { describe, expect, it } from 'vitest'
import { type Column, formatOctets, formatTable, formatTime } from '../../src/cli/output.ts'

interface Row {
  readonly name: string
  readonly count: number
}

const columns: readonly Column<Row>[] = [
  { title: 'name', cell: row => row.name },
  { title: 'count', cell: row => row.count, align: 'right' },
  { title: 'stars', cell: row => '*'.repeat(row.count) },
]

describe('formatTable', () => {
  it('aligns columns and leaves no space at the end of lines', () => {
    const rows = [
      { name: 'ann', count: 3 },
      { name: 'bartholomew', count: 0 },
    ]
    expect(formatTable(rows, columns)).toBe(
      ['NAME         COUNT  STARS', 'ann              3  ***', 'bartholomew      0', ''].join('\n'),
    )
  })

  it('counts characters, not code units', () => {
    expect(formatTable([{ name: '🌳', count: 1 }], columns)).toBe('NAME  COUNT  STARS\n🌳         1  *\n')
  })

  it('lets nothing steer the terminal', () => {
    expect(formatTable([{ name: 'a\u001b[2Jb\n', count: 0 }], columns)).toBe(
      'NAME     COUNT  STARS\na?[2Jb?      0\n',
    )
  })
})

describe('formatOctets', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [50 * 1024 * 1024, '50.0 MiB'],
    [3 * 1024 ** 4, '3.0 TiB'],
    [3000 * 1024 ** 4, '3000.0 TiB'],
  ])('%d is %s', (octets, text) => {
    expect(formatOctets(octets)).toBe(text)
  })
})

it('formatTime gives seconds in UTC', () => {
  expect(formatTime(new Date('2026-11-20T19:17:05.678Z'))).toBe('2026-11-20 19:17:05Z')
})
