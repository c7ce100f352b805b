// The mail every server is measured with: the same octets in each run, made from a fixed seed. Sizes and the share of
// lines that begin with a dot are exact counts in a shuffled order, not drawn by chance.
import { mulberry32 } from '../src/conformance/random.ts'

export interface Message {
  /** Wire form, unstuffed: CRLF line ends, the last line ended. RFC 5321 section 2.3.8. */
  readonly octets: Buffer
  /** Octets of the header and the empty line after it. */
  readonly headerOctets: number
  /** Lines that begin with a dot: RETR sends one octet more for each. RFC 1939 section 3. */
  readonly dotLines: number
}

export interface MaildropPlan {
  readonly name: string
  readonly password: string
  readonly messageCount: number
  /** The message at an index; made on demand, since 100,000 need not lie in memory at once. */
  readonly message: (index: number) => Message
}

/** What a load generator must know of a maildrop in order to check what it is sent. */
export interface MaildropFacts {
  readonly name: string
  readonly password: string
  readonly messageCount: number
  readonly totalOctets: number
  readonly totalDotLines: number
}

/** The mix of sizes: octets and share. */
const sizeMix = [
  { octets: 2 * 1024, share: 0.5 },
  { octets: 8 * 1024, share: 0.3 },
  { octets: 40 * 1024, share: 0.17 },
  { octets: 400 * 1024, share: 0.03 },
] as const

const password = 'correct horse battery'
const linePool = createLinePool(10_007)

/** `userCount` maildrops of `messagesEach` messages in the mix of sizes. */
export function mixedMaildrops(userCount = 60, messagesEach = 40): MaildropPlan[] {
  const sizes = shuffledSizes(userCount * messagesEach)
  return Array.from({ length: userCount }, (_, user) => ({
    name: `mix${user + 1}`,
    password,
    messageCount: messagesEach,
    message: index => {
      const serial = user * messagesEach + index
      return composeMessage(serial, sizes[serial] ?? 2048)
    },
  }))
}

/** Empty maildrops, to deliver into. */
export function emptyMaildrops(userCount = 60): MaildropPlan[] {
  return uniformMaildrops('in', userCount, 0, 0)
}

/** Small maildrops, to stay logged in to. */
export function smallMaildrops(userCount = 1000, messagesEach = 10): MaildropPlan[] {
  return uniformMaildrops('idle', userCount, messagesEach, 2048)
}

/** One maildrop of very many messages of 1 KB. */
export function hugeMaildrop(messageCount = 100_000): MaildropPlan[] {
  return uniformMaildrops('huge', 1, messageCount, 1024)
}

/** Messages in the mix of sizes, to be delivered. */
export function mixedMessages(count = 200): Message[] {
  return shuffledSizes(count).map((octets, index) => composeMessage(1_000_000 + index, octets))
}

export function factsOf({ name, password, messageCount, message }: MaildropPlan): MaildropFacts {
  let totalOctets = 0
  let totalDotLines = 0
  for (let index = 0; index < messageCount; index++) {
    const { octets, dotLines } = message(index)
    totalOctets += octets.length
    totalDotLines += dotLines
  }
  return { name, password, messageCount, totalOctets, totalDotLines }
}

/** What a server sends of the message: each leading dot doubled, and the line with the final dot. */
export function stuffed({ octets }: Message): Buffer {
  const text = octets.toString('latin1')
  return Buffer.from(`${text.replace(/^\./gm, '..')}.\r\n`, 'latin1')
}

/** One message of exactly `octets` octets; the same serial gives the same message. */
export function composeMessage(serial: number, octets: number): Message {
  const header = [
    `From: Sender ${serial} <sender${serial}@example.org>`,
    'To: Reader <reader@example.net>',
    `Subject: Benchmark message ${serial}`,
    `Date: Fri, 20 Nov 2026 12:${pad(serial % 60)}:00 +0000`,
    `Message-ID: <${serial}.bench@example.org>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '\r\n',
  ].join('\r\n')
  const lines: string[] = []
  let room = octets - header.length
  let dotLines = 0
  for (let next = (serial * 31) % linePool.length; room >= 2; next = (next + 1) % linePool.length) {
    let line = (linePool[next] ?? '').slice(0, room - 2)
    // One octet left over would be too few for a line end.
    if (room - line.length - 2 === 1) line = line.slice(0, -1)
    if (line.startsWith('.')) dotLines += 1
    lines.push(line)
    room -= line.length + 2
  }
  return {
    octets: Buffer.from(`${header}${lines.join('\r\n')}\r\n`, 'latin1'),
    headerOctets: header.length,
    dotLines,
  }
}

function uniformMaildrops(
  prefix: string,
  userCount: number,
  messageCount: number,
  octets: number,
): MaildropPlan[] {
  return Array.from({ length: userCount }, (_, user) => ({
    name: `${prefix}${user + 1}`,
    password,
    messageCount,
    message: index => composeMessage(user * messageCount + index, octets),
  }))
}

/** Exactly the shares of the mix, in a shuffled order that is always the same. */
function shuffledSizes(count: number): number[] {
  const sizes = sizeMix.flatMap(({ octets, share }) =>
    new Array<number>(Math.round(count * share)).fill(octets),
  )
  while (sizes.length < count) sizes.push(sizeMix[0].octets)
  sizes.length = count
  const random = createRandom(20_261_120)
  for (let i = sizes.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[sizes[i], sizes[j]] = [sizes[j]!, sizes[i]!]
  }
  return sizes
}

/** Lines of words, 30 to 76 octets; one in a hundred begins with a dot, and a few of those are a lone dot. */
function createLinePool(count: number): string[] {
  const random = createRandom(1939)
  const words = 'mail post letter stamp office sorting carrier street number parcel night train bag'.split(
    ' ',
  )
  return Array.from({ length: count }, (_, index) => {
    if (index % 1000 === 50) return '.'
    const length = 30 + Math.floor(random() * 46)
    let line = index % 100 === 50 ? '.' : ''
    while (line.length < length) line += `${words[Math.floor(random() * words.length)]} `
    return line.trimEnd()
  })
}

/** Numbers in [0, 1) that are the same on every machine. */
function createRandom(seed: number): () => number {
  const next = mulberry32(seed)
  return () => next() / 4_294_967_296
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
