// Faults in how messages are numbered, read and sent: RETR, TOP, byte-stuffing, and what becomes of octets on their way.
import type { Fault } from '../fault.ts'

const transaction = 'pop3/server/transaction.js'
const stuffing = 'net/dot-stuffing.js'
const transmission = 'net/transmission.js'
const top = 'pop3/server/top.js'
const maildrop = 'mail/session-maildrop.js'

/** Where messages without leading dots leave; the text of a chunk is in latin1. */
function rewritten(to: string): Pick<Fault, 'file' | 'find' | 'replace'> {
  return {
    file: transmission,
    find: 'else\n            this.#outlet.sendOctets(chunk);',
    replace: `else\n            this.#outlet.sendOctets(Buffer.from(Buffer.from(chunk).toString('latin1')${to}, 'latin1'));`,
  }
}

const sending: readonly Fault[] = [
  {
    id: 'dots-not-stuffed',
    file: transmission,
    find: 'message.dotLines > 0 ? new DotStuffer() : undefined',
    replace: 'undefined',
    caughtBy: ['retr-dots', 'letter-terminator-as-sent', 'letter-dots-only-octets', 'top-dots-4'],
  },
  {
    id: 'dots-stuffed-twice',
    file: stuffing,
    find: 'from = at;',
    replace: 'from = at; emit(Buffer.from("."));',
    caughtBy: ['retr-dots', 'letter-dot-runs-octets', 'letter-dotted-lines-as-sent'],
  },
  {
    id: 'dots-stuffed-when-alone',
    file: stuffing,
    find: 'if (at < 0 || octets[at - 1] === lineFeed)\n            return at;',
    replace:
      'if (at < 0 || (octets[at - 1] === lineFeed && octets[at + 1] === carriageReturn))\n            return at;',
    caughtBy: ['retr-dots', 'letter-dot-runs-as-sent'],
  },
  {
    id: 'dots-lost-among-others',
    file: stuffing,
    find: 'return lineEnd < 0 ? -1 : lineEnd + 1;',
    replace: 'return -1;',
    caughtBy: ['letter-dot-runs-as-sent'],
  },
  {
    id: 'empty-line-before-the-end',
    file: transmission,
    find: 'this.#outlet.sendText(terminator);',
    replace: 'this.#outlet.sendText("\\r\\n" + terminator);',
    caughtBy: ['retr-as-sent', 'list-agrees-with-retr', 'letter-empty-octets', 'top-0'],
  },
  {
    id: 'end-twice',
    file: transmission,
    find: 'this.#outlet.sendText(terminator);',
    replace: 'this.#outlet.sendText(message.octets === undefined ? terminator : terminator + terminator);',
    caughtBy: ['retr-in-any-order', 'pipelining-messages'],
  },
  {
    id: 'retr-without-end',
    file: transmission,
    find: 'if (isWhole)',
    replace: 'if (isWhole && message.octets === undefined)',
    caughtBy: ['retr-as-sent'],
  },
  { id: 'line-ends-lf', ...rewritten(".replace(/\\r\\n(?!$)/g, '\\n')"), caughtBy: ['retr-as-sent'] },
  {
    id: 'blanks-at-line-ends-lost',
    ...rewritten(".replace(/[ \\t]+(?=\\r\\n)/g, '')"),
    caughtBy: ['letter-spaces-as-sent', 'letter-spaces-octets'],
  },
  {
    id: 'seven-bits',
    ...rewritten('.replace(/[\\x80-\\xff]/g, octet => String.fromCharCode(octet.charCodeAt(0) & 0x7f))'),
    caughtBy: ['letter-utf-8-as-sent', 'letter-eight-bit-as-sent'],
  },
  {
    id: 'long-lines-cut',
    ...rewritten(".replace(/[^\\r\\n]{990}(?=[^\\r\\n])/g, '$&\\r\\n')"),
    caughtBy: ['letter-line-998-as-sent', 'letter-line-10k-octets', 'letter-line-100k-octets'],
  },
  {
    id: 'from-quoted',
    ...rewritten(".replace(/^From /gm, '>From ')"),
    caughtBy: ['letter-from-lines-as-sent', 'letter-from-lines-octets'],
  },
  {
    id: 'empty-lines-joined',
    ...rewritten(".replace(/(\\r\\n){3,}/g, '\\r\\n\\r\\n')"),
    caughtBy: ['letter-blank-first-as-sent', 'letter-blank-first-octets'],
  },
  { id: 'cut-at-nul', ...rewritten(".replace(/\\0[^]*/, '\\r\\n')"), caughtBy: ['letter-nul-octets'] },
]

const reading: readonly Fault[] = [
  {
    id: 'retr-gives-the-first',
    file: transaction,
    find: 'return notThere(session, found, number, maildrop);\n    try {\n        const message = await maildrop.read(found.index);\n        const { language } = session;\n        maildrop.noteAccess',
    replace:
      'return notThere(session, found, number, maildrop);\n    try {\n        const message = await maildrop.read(0);\n        const { language } = session;\n        maildrop.noteAccess',
    caughtBy: ['retr-in-any-order', 'retr-beside-deleted'],
  },
  {
    id: 'retr-deletes',
    file: transaction,
    find: 'const text = language.ok(language.texts.octets(message.octets));',
    replace: 'const text = language.ok(language.texts.octets(message.octets)); maildrop.mark(found.index);',
    caughtBy: ['retr-deletes-nothing', 'retr-twice'],
  },
  {
    id: 'number-behind-the-last',
    file: maildrop,
    find: 'if (index >= this.listing.count)',
    replace: 'if (index > this.listing.count)',
    caughtBy: [
      'list-beyond-last-refused',
      'list-in-empty-refused',
      'uidl-beyond-last-refused',
      'dele-in-empty-refused',
    ],
  },
]

const tops: readonly Fault[] = [
  {
    id: 'top-counts-the-header',
    file: top,
    find: 'this.#headerLeft = headerOctets;',
    replace: 'this.#headerLeft = lines > 0 ? 0 : headerOctets;',
    caughtBy: ['top-1', 'top-2', 'top-folded-field-1'],
  },
  {
    id: 'top-one-line-more',
    file: top,
    find: 'this.#linesLeft = lines;',
    replace: 'this.#linesLeft = lines + 1;',
    caughtBy: ['top-0', 'top-1', 'top-5', 'top-header-ends'],
  },
  {
    id: 'top-of-the-whole',
    file: top,
    find: 'this.#linesLeft = lines;',
    replace: 'this.#linesLeft = Infinity;',
    caughtBy: ['top-0', 'top-megabyte-1', 'top-many-fields-0'],
  },
  {
    id: 'top-without-the-empty-line',
    file: top,
    find: 'this.#headerLeft = headerOctets;',
    replace: 'this.#headerLeft = headerOctets - 2;',
    caughtBy: ['top-0', 'top-header-ends', 'top-dotted-header-0'],
  },
  {
    id: 'top-skips-empty-lines',
    file: top,
    find: 'this.#linesLeft -= 1;',
    replace: 'if (chunk[end - 3] !== lineFeed) this.#linesLeft -= 1;',
    caughtBy: ['top-2', 'top-blank-first-1'],
  },
  {
    id: 'top-does-not-stuff',
    file: top,
    find: 'dotLines: message.dotLines',
    replace: 'dotLines: 0',
    caughtBy: ['top-dots-1', 'top-dots-4', 'top-dot-first-1'],
  },
  {
    id: 'top-deletes',
    file: transaction,
    find: 'message: topOf(message, lines)',
    replace: 'message: (lines > 0 && maildrop.mark(found.index), topOf(message, lines))',
    caughtBy: ['top-changes-nothing'],
  },
]

export const messageFaults: readonly Fault[] = [...sending, ...reading, ...tops]
