// The lists of UIDLs that Dovecot and Courier leave in a Maildir, sound and broken.
import { describe, expect, it } from 'vitest'
import { parseSizeList } from '../../../src/store/archive/courier-sizelist.ts'
import { formatUidList, parseUidList, type UidListEntry } from '../../../src/store/archive/dovecot-uidlist.ts'
import { parseUidlFormat } from '../../../src/store/archive/uidl-format.ts'

const header3 = '3 V1500000000 N20 Gabc'

describe('dovecot-uidlist', () => {
  it.each<[string, string, UidListEntry, string]>([
    ['1 1500000000 20', '7 a.b.c:2,S', { uid: 7, baseName: 'a.b.c' }, 'version 1, flags in the name'],
    [header3, '7 :a.b.c', { uid: 7, baseName: 'a.b.c' }, 'version 3 without keys'],
    [header3, '7 W33 S30 :a', { uid: 7, baseName: 'a' }, 'sizes are passed over'],
    [header3, '7 PUID3-4 :a', { uid: 7, baseName: 'a', uidl: 'UID3-4' }, 'a UIDL'],
    [header3, '7 P :a', { uid: 7, baseName: 'a', uidl: '' }, 'an empty UIDL stands for the name'],
    [
      header3,
      '7 P:x: O12 Gg :a',
      { uid: 7, baseName: 'a', uidl: ':x:', order: 12, guid: 'g' },
      'colons in a UIDL',
    ],
    [
      '3 N20 V1500000000',
      '7 :a b:2,',
      { uid: 7, baseName: 'a b' },
      'keys of the header in any order; a blank in a name',
    ],
  ])('%s | %s | %j: %s', (header, line, entry) => {
    const list = parseUidList(`${header}\n${line}\n`)
    expect(list.faults).toEqual([])
    expect(list.uidValidity).toBe(1_500_000_000)
    expect([...list.entries.values()]).toEqual([entry])
  })

  it.each([
    ['', 'line 1: not a header of version 1 or 3', 'empty'],
    ['\u0000\u00ff\u0001', 'line 1: not a header of version 1 or 3', 'binary junk'],
    ['2 1 1\n', 'line 1: not a header of version 1 or 3', 'a version that was never released'],
    ['3 N20\n', 'line 1: not a header of version 1 or 3', 'no uidvalidity: every UIDL would be wrong'],
    [header3, 'line 1: cut off', 'cut off behind the header'],
    [
      `${header3}\n1 :a\n2 :b`,
      'line 3: cut off',
      'cut off within a name, which must not pass for a whole one',
    ],
    [`${header3}\n1 :a\nrubbish\n2 :b\n`, 'line 3: not an entry', 'one bad line'],
    [`${header3}\n0 :a\n`, 'line 2: not an entry', 'uid 0'],
    [`${header3}\n1 :../../etc/passwd\n`, 'line 2: not an entry', 'a path'],
    [`${header3}\n1 a\n`, 'line 2: not an entry', 'a line of version 1 in a list of version 3'],
  ])('%j has a fault: %s: %s', (text, fault) => {
    expect(parseUidList(text).faults).toEqual([fault])
  })

  it('keeps what stands around a bad line', () => {
    expect([...parseUidList(`${header3}\n1 :a\nrubbish\n2 :b\n`).entries.keys()]).toEqual(['a', 'b'])
  })

  it('reads what it writes', () => {
    const entries = [
      { uid: 1, uidl: ':P,"', baseName: '1.M2P3.host,S=4,W=5' },
      { uid: 2, uidl: 'x', baseName: '2.M2P3.host,S=4,W=5' },
    ]
    const list = parseUidList(formatUidList(7, entries))
    expect([...list.entries.values()]).toEqual(entries)
    expect(list).toMatchObject({ uidValidity: 7, faults: [] })
  })

  it('takes 100,000 blanks and keys without growing slow', () => {
    const line = `7 ${'A '.repeat(100_000)}x`
    expect(parseUidList(`${header3}${' X'.repeat(100_000)}\n${line}\n`).faults).toEqual([
      'line 2: not an entry',
    ])
  })
})

describe('courierpop3dsizelist', () => {
  it.each([
    ['/3 9 1500000000', '1.M1.host 40 7:1500000000:0', '1.M1.host', 'UID7-1500000000', 'version 3'],
    ['/2 9 1500000000', '1.M1.host:2,S 40 7:1500000000', '1.M1.host', 'UID7-1500000000', 'version 2'],
    ['/2 9 1500000000', '1.M1.host 40 7:0', '1.M1.host', 'UID7', 'no uidvalidity: from a list of version 1'],
    ['/1 9', '1.M1.host 40 7', '1.M1.host', 'UID7', 'version 1'],
    [
      '/2 9 1500000000',
      "1.M'1.h+\u00e9 40 0:0",
      "1.M'1.h+\u00e9",
      '1.M+271.h+2B+E9',
      'uid 0: the name, escaped',
    ],
    ['/2 9 1500000000', 'a name 40 3:4', 'a name', 'UID3-4', 'a blank in the name'],
  ])('%s | %s | %s | %s: %s', (header, line, name, uidl) => {
    const list = parseSizeList(`${header}\n${line}\n`)
    expect(list.faults).toEqual([])
    expect([...list.uidls]).toEqual([[name, uidl]])
  })

  it.each([
    ['', 'line 1: not a header of version 1, 2 or 3', 'empty'],
    ['/4 1 1\n', 'line 1: not a header of version 1, 2 or 3', 'a version yet to come'],
    ['/2 1 1\na 1 1:1', 'line 2: cut off', 'the uidvalidity may have had more digits'],
    ['/2 1 1\na 1\n', 'line 2: not an entry', 'no uid'],
    ['/2 1 1\na/b 1 1:1\n', 'line 2: not an entry', 'a path'],
  ])('%j has a fault: %s: %s', (text, fault) => {
    expect(parseSizeList(text).faults).toEqual([fault])
  })
})

describe('UIDL formats', () => {
  it.each([
    ['', 'nothing would tell messages apart'],
    ['abc%%', 'no variable'],
    ['%m', 'MD5 of the header, which Dovecot has for mbox only'],
    ['%{uid}', 'the long names of Dovecot 2.4'],
    ['%u%', 'a percent sign at the end'],
    ['%Xf', 'a name is no number'],
    ['%Hu', 'a hash that is Dovecot\u2019s own'],
  ])('%j is refused: %s', format => {
    expect(() => parseUidlFormat(format)).toThrow(/^UIDL format /)
  })
})
