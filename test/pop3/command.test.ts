import { describe, expect, it } from 'vitest'
import { type Command, parseCommand } from '../../src/pop3/wire/command.ts'
import { commandLineOctets, lineLimit, utf8LineOctets } from '../../src/pop3/wire/limits.ts'

const octets = (text: string) => Buffer.from(text, 'latin1')
const utf8 = (text: string) => Buffer.from(text, 'utf8')

const valid: readonly (readonly [line: Buffer, command: Command, why: string])[] = [
  [octets('STAT'), { verb: 'STAT' }, 'a bare verb'],
  [octets('stat'), { verb: 'STAT' }, 'verbs have no case'],
  [octets('sTaT'), { verb: 'STAT' }, 'nor one case'],
  [octets('TOP 1 0'), { verb: 'TOP', message: 1, lines: 0 }, 'no lines of the body at all'],
  [octets('top 12 345'), { verb: 'TOP', message: 12, lines: 345 }, 'three letters'],
  [octets('LIST'), { verb: 'LIST', message: undefined }, 'all messages'],
  [octets('LIST 7'), { verb: 'LIST', message: 7 }, 'one message'],
  [octets('UIDL 9999999999'), { verb: 'UIDL', message: 9_999_999_999 }, 'ten digits'],
  [octets('RETR 4294967297'), { verb: 'RETR', message: 4_294_967_297 }, 'no wrap at 32 bits'],
  [octets('DELE 1'), { verb: 'DELE', message: 1 }, 'a number'],
  [octets('USER alice'), { verb: 'USER', name: 'alice' }, 'a name'],
  [octets('USER a@b.example'), { verb: 'USER', name: 'a@b.example' }, 'with a domain'],
  [octets('USER john+home'), { verb: 'USER', name: 'john+home' }, 'with a suffix'],
  [utf8('USER jürgen'), { verb: 'USER', name: 'jürgen' }, 'UTF-8, RFC 6856'],
  [octets('PASS x'), { verb: 'PASS', password: octets('x') }, 'one octet'],
  [octets('PASS  a  b '), { verb: 'PASS', password: octets(' a  b ') }, 'every space counts'],
  [octets('PASS  '), { verb: 'PASS', password: octets(' ') }, 'a space is a password'],
  [octets('pass \xff\x01\t'), { verb: 'PASS', password: octets('\xff\x01\t') }, 'any octet'],
]

const invalid: readonly (readonly [line: Buffer, why: string])[] = [
  [octets(''), 'empty'],
  [octets(' '), 'only a space'],
  [octets(' STAT'), 'a space in front'],
  [octets('STAT '), 'a space behind'],
  [octets('RSET 4'), 'an argument where none belongs'],
  [octets('QUIT now'), 'an argument where none belongs'],
  [octets('STA'), 'no such verb of three letters'],
  [octets('STATS'), 'five letters'],
  [octets('ST4T'), 'a digit in the verb'],
  [octets('S\x14AT'), 'a control that differs from T in the letter bits'],
  [octets('LI\0ST'), 'NUL inside of the verb'],
  [octets('STAT\0'), 'NUL behind'],
  [octets('PASS a\0b'), 'NUL in a password'],
  [octets('STAT\r'), 'a lone CR behind'],
  [octets('STAT\rNOOP'), 'a lone CR inside'],
  [octets('PASS a\rb'), 'a lone CR in a password'],
  [octets('ST\xc1T'), 'a high octet'],
  [octets('\xff\xfe'), 'high octets only'],
  [octets('USER'), 'no name'],
  [octets('USER '), 'an empty name'],
  [octets('USER a b'), 'two names'],
  [octets('USER a '), 'a space behind the name'],
  [octets('USER a\tb'), 'a tab in the name'],
  [octets('USER a\x7f'), 'DEL in the name'],
  [octets('USER \xff'), 'no UTF-8'],
  [utf8('USER a\u00a0b'), 'a no-break space'],
  [utf8('USER a\u202eb'), 'a character that turns the text around'],
  [octets('PASS'), 'no password'],
  [octets('PASS '), 'an empty password'],
  [octets('TOP'), 'no arguments'],
  [octets('TOP 1'), 'one argument of two'],
  [octets('TOP 1 '), 'an empty count'],
  [octets('TOP 1 -1'), 'a negative count'],
  [octets('TOP 1 00'), 'a leading zero'],
  [octets('TOP 1 05'), 'a leading zero'],
  [octets('TOP  1 5'), 'two spaces'],
  [octets('TOP 1  5'), 'two spaces'],
  [octets('TOP 1 5 '), 'a space behind'],
  [octets('TOP 1 5 6'), 'three arguments'],
  [octets('TOP 0 5'), 'message 0'],
  [octets('RETR'), 'no number'],
  [octets('RETR '), 'an empty number'],
]

/** What peers take for numbers, and a strict server does not. */
const notNumbers = [
  '0',
  '-1',
  '+1',
  '1.5',
  '1.0',
  '1e0',
  '0x1',
  '01',
  '001',
  '1 2',
  '1 ',
  ' 1',
  '1\t',
  '1abc',
  'abc',
  '12345678901',
  '1,000',
  '1_0',
  '٣',
  '１',
  'Infinity',
  'NaN',
  '-',
  '1-2',
  '*',
  "1'",
] // prettier-ignore

describe('commands', () => {
  it.each(valid)('%j is %j: %s', (line, command) => {
    expect(parseCommand(line)).toEqual(command)
  })

  it.each(invalid)('%j is none: %s', line => {
    expect(parseCommand(line)).toMatchObject({ verb: undefined })
  })

  it.each(['LIST', 'UIDL', 'RETR', 'DELE'])('%s takes digits only', verb => {
    for (const argument of notNumbers) {
      expect.soft(parseCommand(utf8(`${verb} ${argument}`)), argument).toMatchObject({ verb: undefined })
      expect.soft(parseCommand(utf8(`TOP ${argument} 1`)), argument).toMatchObject({ verb: undefined })
    }
  })

  it('never repeats what was sent', () => {
    for (const [line] of invalid) {
      const { problem } = parseCommand(line) as { problem: string }
      expect(problem).toMatch(/^[a-z ]+$/)
    }
  })
})

describe('the length of lines', () => {
  it.each([
    ['STAT', commandLineOctets, 'a command'],
    ['USER alice', commandLineOctets, 'a name of US-ASCII'],
    ['USER jürgen', utf8LineOctets, 'a name in UTF-8'],
    ['pass grüße', utf8LineOctets, 'a password in UTF-8'],
    ['XYZZ grüße', commandLineOctets, 'other commands have no UTF-8'],
    ['PASSgrüße', commandLineOctets, 'not the verb PASS'],
  ])('%s: %i octets (%s)', (start, limit) => {
    expect(lineLimit(utf8(start))).toBe(limit)
  })
})
