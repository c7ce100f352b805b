// A plain POP3 client for what is not timed by the thousand: it keeps whole replies and looks at them closely.
// Everything that is not as the corpus says is thrown.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { MaildropFacts } from '../corpus.ts'

const lineEnd = Buffer.from('\r\n')
const bodyEnd = Buffer.from('\r\n.\r\n')

/** A reply as it came. `body` runs from behind the status line to the end of the final dot's line. */
export interface Reply {
  readonly status: string
  readonly body: Buffer
}

/** Octets of the multi-line replies of one maildrop, found to be right. */
export interface CheckedMaildrop {
  readonly listOctets: number
  readonly uidlOctets: number
  /** Of each RETR, dot-stuffed, with the line of the final dot. */
  readonly messageOctets: readonly number[]
}

export class Pop3Client {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #arrived: (() => void) | undefined
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const end = () => {
      this.#ended = true
      this.#arrived?.()
    }
    socket.on('data', chunk => {
      this.#chunks.push(chunk)
      this.#arrived?.()
    })
    socket.on('end', end).on('error', end).on('close', end)
  }

  static async connect(port: number): Promise<Pop3Client> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new Pop3Client(socket)
    await client.#reply(false)
    return client
  }

  async command(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`)
    return (await this.#reply(false)).status
  }

  async multiLine(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`)
    return this.#reply(true)
  }

  async login({ name, password }: MaildropFacts): Promise<void> {
    await this.command(`USER ${name}`)
    await this.command(`PASS ${password}`)
  }

  /** QUIT, and waits until the server closed. */
  async quit(): Promise<void> {
    await this.command('QUIT')
    while (!this.#ended) await this.#more()
    this.#socket.destroy()
  }

  async #reply(isMultiLine: boolean): Promise<Reply> {
    const end = isMultiLine ? bodyEnd : lineEnd
    // A reply is looked for only in what may hold its end, so that megabytes of listing are searched once.
    while (!this.#endsWith(end)) {
      if (isMultiLine && this.#chunks[0]?.[0] === 0x2d && this.#endsWith(lineEnd)) break
      await this.#more()
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#chunks = []
    const statusEnd = all.indexOf(lineEnd)
    const status = all.toString('latin1', 0, statusEnd)
    if (!status.startsWith('+OK')) throw new Error(`the server answered ${JSON.stringify(status)}`)
    return { status, body: all.subarray(statusEnd + 2) }
  }

  #endsWith(end: Buffer): boolean {
    const last = this.#chunks.at(-1)
    if (!last) return false
    const tail = last.length >= end.length ? last : Buffer.concat(this.#chunks)
    return tail.length >= end.length && tail.subarray(-end.length).equals(end)
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error('the server closed the connection')
    await new Promise<void>(resolve => {
      this.#arrived = resolve
    })
    this.#arrived = undefined
  }
}

/** Reads a whole maildrop with every command of the scenarios and compares it with the corpus. */
export async function checkMaildrop(port: number, facts: MaildropFacts): Promise<CheckedMaildrop> {
  const client = await Pop3Client.connect(port)
  await client.login(facts)
  expectEqual(`STAT of ${facts.name}`, await client.command('STAT'), statOf(facts))
  const list = await client.multiLine('LIST')
  const uidl = await client.multiLine('UIDL')
  checkListing(facts, list.body, uidl.body)
  const messageOctets: number[] = []
  for (let number = 1; number <= facts.messageCount; number++) {
    const { body } = await client.multiLine(`RETR ${number}`)
    messageOctets.push(body.length)
  }
  const sum = messageOctets.reduce((total, octets) => total + octets, 0)
  const expected = facts.totalOctets + facts.totalDotLines + 3 * facts.messageCount
  expectEqual(`octets of all RETR of ${facts.name}`, sum, expected)
  await client.quit()
  return { listOctets: list.body.length, uidlOctets: uidl.body.length, messageOctets }
}

/** The first words of the reply to STAT. RFC 1939 section 5. */
export function statOf({ messageCount, totalOctets }: MaildropFacts): string {
  return `+OK ${messageCount} ${totalOctets}`
}

/** LIST gives every number once with sizes that add up; UIDL as many different ids. */
export function checkListing(facts: MaildropFacts, list: Buffer, uidl: Buffer): void {
  const sizes = linesOf(list).map(([, octets]) => Number(octets))
  expectEqual(`messages in LIST of ${facts.name}`, sizes.length, facts.messageCount)
  const total = sizes.reduce((sum, octets) => sum + octets, 0)
  expectEqual(`octets in LIST of ${facts.name}`, total, facts.totalOctets)
  const ids = new Set(linesOf(uidl).map(([, id]) => id))
  expectEqual(`unique ids of ${facts.name}`, ids.size, facts.messageCount)
}

function linesOf(body: Buffer): string[][] {
  const lines = body.toString('latin1').split('\r\n').slice(0, -2)
  return lines.map((line, index) => {
    const fields = line.split(' ')
    expectEqual('message number', fields[0], String(index + 1))
    return fields
  })
}

function expectEqual<T>(what: string, actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`)
}
