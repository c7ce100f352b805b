// Messages that mail software is known to spoil, in wire form: CRLF line ends, last line ended.

export interface AwkwardMessage {
  readonly name: string
  readonly content: Buffer
}

const header = (subject: string) =>
  `From: Ann <ann@test.example>\r\nTo: bob@test.example\r\nSubject: ${subject}\r\n` +
  `Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <${subject.replaceAll(' ', '-')}@test.example>\r\n`

function message(name: string, body: string): AwkwardMessage {
  return { name, content: Buffer.from(`${header(name)}\r\n${body}`, 'latin1') }
}

const richLine = 'The quick brown fox jumps over the lazy dog, line after line.\r\n.dot\r\n'

/** Each is a different way to be spoilt: by stuffing, by lines, by octets, by what is missing. */
export const awkwardMessages: readonly AwkwardMessage[] = [
  message('leading dots', '.one\r\n..two\r\n...three\r\nno dot\r\n. \r\n'),
  message('lone dot line', 'before\r\n.\r\nafter\r\n'),
  message('dot first and last', '.\r\n.\r\n'),
  message('eight bit', 'caf\xe9 \xc3\xa9 \xff\xfe \x80\r\n'),
  message('empty body', ''),
  { name: 'header only', content: Buffer.from(header('header only')) },
  message('blank lines', '\r\n\r\nmiddle\r\n\r\n\r\n'),
  message('From line', 'From the beginning\r\n>From quoted\r\n'),
  message('a megabyte of lines', richLine.repeat(Math.ceil(1_000_000 / richLine.length))),
  message('a line of 100000 octets', `${'x'.repeat(100_000)}\r\nend\r\n`),
  message('NUL', 'before\0after\r\n\0\r\n'),
  message('lone CR', 'one\rtwo\r\n\r\rthree\r\n'),
]

/** The awkward messages without those named. */
export function awkwardExcept(...names: readonly string[]): readonly AwkwardMessage[] {
  return awkwardMessages.filter(({ name }) => !names.includes(name))
}

/** The message from its first own header field on: what follows the trace fields that receiving added. */
export function behindTrace(received: Buffer): Buffer {
  const at = received.indexOf('From: Ann ')
  if (at < 0) throw new Error(`no message behind the trace: ${received.toString('latin1', 0, 300)}`)
  return received.subarray(at)
}

/** The same octets as a Unix file holds them. */
export function withLf(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
}

/** Strings that name octets exactly and stay readable in a failed comparison. */
export function fingerprint(content: Buffer): string {
  const text = content.toString('latin1')
  return text.length <= 2000 ? text : `${text.slice(0, 400)}...${content.length} octets...${text.slice(-100)}`
}
