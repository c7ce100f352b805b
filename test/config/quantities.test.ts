// Sizes and durations as people write them.
import { describe, expect, it } from 'vitest'
import { parseMilliseconds, parseOctets } from '../../src/config/quantities.ts'

describe('parseOctets', () => {
  it.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['512B', 512],
    ['50MiB', 52_428_800],
    ['50 MiB', 52_428_800],
    ['1.5KiB', 1536],
    ['2GB', 2_000_000_000],
    ['1TiB', 2 ** 40],
  ])('%s is %d octets', (text, octets) => {
    expect(parseOctets(text)).toBe(octets)
  })

  it.each([
    '',
    ' ',
    'MiB',
    '-1',
    '1e3',
    '0x10',
    '1,5MiB',
    '50mib',
    '50M',
    '1 2',
    '1MiB ',
    '99999TiB',
    '1.',
    '½MiB',
  ])('%j is none', text => {
    expect(() => parseOctets(text)).toThrow(`${JSON.stringify(text)} is no size such as 50MiB`)
  })
})

describe('parseMilliseconds', () => {
  it.each([
    ['0', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseMilliseconds(text)).toBe(milliseconds)
  })

  it.each(['', '10', '10 minutes', '10M', '-1s', '1h30m', '1e3s', '1w'])('%j is none', text => {
    expect(() => parseMilliseconds(text)).toThrow(`${JSON.stringify(text)} is no duration such as 10m`)
  })
})
