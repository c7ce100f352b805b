// The letters that servers stumble over: dots, empty lines, octets that are no US-ASCII, lines and headers without end, and
// what no sender may send (RFC 5322 section 2.3) and every server gets all the same.
import type { LetterSource } from './letter-source.ts'

const mime =
  'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'

/** Lines of 1 to 17 octets, each with a dot in front: one of them lies on the border of any two blocks. */
const dottedLines = Array.from({ length: 17 }, (_, n) => `.${'x'.repeat(n)}\r\n`).join('')

const base64Line = `${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0'.slice(0, 76)}\r\n`

const fields = (count: number) =>
  Array.from({ length: count }, (_, n) => `X-Field-${n}: ${'y'.repeat(60)}\r\n`).join('')

function octetRange(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, n) => String.fromCharCode(first + n)).join('')
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

export const awkwardLetters = {
  dotFirst: { about: 'a dot as the first octet of its body', body: '.first\r\nsecond\r\n' },
  dotLast: { about: 'a dot alone as its last line', body: 'The last line is a dot.\r\n.\r\n' },
  dotsOnly: { about: 'nothing but dots in its body', body: '.\r\n'.repeat(5) },
  dotRuns: {
    about: 'lines of 1 to 80 dots',
    body: Array.from({ length: 80 }, (_, n) => `${'.'.repeat(n + 1)}\r\n`).join(''),
  },
  terminator: {
    about: 'the end of an answer, answers and commands in its body',
    body: 'before\r\n.\r\n+OK 0 0\r\n-ERR no such message\r\n.\r\n\r\n.\r\nQUIT\r\n.\r\nafter\r\n',
  },
  dottedLines: { about: '100 KB of short lines that begin with a dot', body: dottedLines.repeat(550) },
  dottedHeader: {
    about: 'a header field whose name begins with a dot',
    header: '.Dotted: yes\r\n',
    body: 'x\r\n',
  },
  empty: { about: 'an empty body', body: '' },
  blankFirst: {
    about: 'empty lines at the beginning of its body',
    body: '\r\n\r\nafter two empty lines\r\n',
  },
  blankLast: { about: 'empty lines at its end', body: 'before two empty lines\r\n\r\n\r\n' },
  blankLines: { about: 'empty lines between others', body: 'one\r\n\r\n\r\nfour\r\n\r\nsix\r\n' },
  spaces: {
    about: 'spaces and tabs at the ends of lines',
    body: ' \r\n\t\r\n one \r\ntwo\t\r\n  \t \r\nthree  \r\n',
  },
  headerLike: {
    about: 'a second header in its body',
    body: 'Subject: not this one\r\nX-Other: 1\r\n\r\nbody of the body\r\n',
  },
  fromLines: {
    about: 'lines that begin with "From "',
    body: 'From someone@example.org Mon Jan  1 00:00:00 2024\r\n>From quoted\r\n\r\nFrom here on\r\n',
  },
  twiceNamed: { about: 'a header field twice', header: 'X-Poplar-Check: again\r\n', body: 'twice\r\n' },
  manyFields: { about: 'a header of 64 KB', header: fields(880), body: 'a short body\r\n' },
  foldedField: {
    about: 'a header field folded over 200 lines',
    header: `X-Folded: begin\r\n${'\tnext line of it\r\n'.repeat(200)}`,
    body: 'a short body\r\n',
  },
  line998: { about: 'a line of 998 octets', body: `${'a'.repeat(998)}\r\nnext\r\n` },
  utf8: {
    about: 'characters of 2, 3 and 4 octets',
    header: mime,
    body: utf8('Grüße.\r\n漢字かな\r\n😀😀\r\n'),
  },
  eightBit: {
    about: 'every octet from 0x80 to 0xFF',
    header: mime.replace('utf-8', 'iso-8859-1'),
    body: `${octetRange(0x80, 0xbf)}\r\n${octetRange(0xc0, 0xff)}\r\n`,
  },
  megabyte: { about: 'a megabyte', body: base64Line.repeat(13_444) },

  controls: {
    about: 'control characters',
    body: `${octetRange(1, 9)}\r\n${octetRange(0x0b, 0x0c)}${octetRange(0x0e, 0x1f)}\x7f\r\n`,
    isUnlawful: true,
  },
  nul: { about: 'NUL', body: 'before\0after\r\n\0\r\nlast\r\n', isUnlawful: true },
  loneCr: { about: 'a lone CR', body: 'before\rafter\r\n\rfirst\r\nlast\r\r\nend\r\n', isUnlawful: true },
  loneCrDot: { about: 'a dot between lone CRs', body: 'before\r.\rafter\r\nend\r\n', isUnlawful: true },
  loneLf: { about: 'a lone LF', body: 'before\nafter\r\n\nfirst\r\nend\r\n', isUnlawful: true },
  loneLfDot: {
    about: 'a dot between lone LFs',
    body: 'before\n.\nbetween\n.after\r\nend\r\n',
    isUnlawful: true,
  },
  line10k: { about: 'a line of 10,000 octets', body: `${'b'.repeat(10_000)}\r\nnext\r\n`, isUnlawful: true },
  line100k: {
    about: 'a line of 100,000 octets',
    body: `${'c'.repeat(100_000)}\r\nnext\r\n`,
    isUnlawful: true,
  },
  noFinalNewline: { about: 'no CRLF at its end', body: 'no line end here', isUnlawful: true },
  dotUnended: { about: 'a dot as its very last octet', body: 'text\r\n.', isUnlawful: true },
  headerOnly: {
    about: 'a header and no empty line behind it',
    body: '',
    isHeaderOnly: true,
    isUnlawful: true,
  },
} as const satisfies Record<string, LetterSource>

export type AwkwardName = keyof typeof awkwardLetters
