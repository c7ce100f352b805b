// The transcript format of README.md: reading it, and playing it against a server.
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { Peer } from '../pop3/peer.ts'

export interface ScriptAccount {
  readonly name: string
  readonly password: string
  readonly messages: string[]
}

type StepKind = ':' | '!' | '.' | ',' | '~'

export interface Step {
  readonly side: 'C' | 'S'
  readonly connection: number
  readonly kind: StepKind
  readonly text: string
  readonly lineNumber: number
}

export interface Script {
  readonly title: string
  readonly accounts: readonly ScriptAccount[]
  readonly limits: Readonly<Record<string, number>>
  readonly steps: readonly Step[]
}

const stepLine = /^([CS])(\d*)([:!.,~]) ?(.*)$/

export function readScript(path: string): Script {
  const lines = readFileSync(path, 'utf8').split('\n')
  const accounts: ScriptAccount[] = []
  const limits: Record<string, number> = {}
  const steps: Step[] = []
  lines.forEach((line, index) => {
    const step = stepLine.exec(line)
    if (step) steps.push(readStep(step, index + 1))
    else if (line.startsWith('| ') || line === '|') addMessageLine(accounts, line.slice(2))
    else if (line.startsWith('@')) readDirective(line.slice(1), accounts, limits)
    else if (line !== '' && !line.startsWith('#')) throw new Error(`${path}:${index + 1}: ${line}`)
  })
  return { title: lines[0]?.replace(/^# /, '') ?? path, accounts, limits, steps }
}

export async function play(script: Script, port: number): Promise<void> {
  const peers = new Map<number, Peer>()
  const peerOf = async (connection: number) => {
    const peer = peers.get(connection) ?? (await Peer.connect(port))
    peers.set(connection, peer)
    return peer
  }
  try {
    for (const step of script.steps) await playStep(step, await peerOf(step.connection))
  } finally {
    for (const peer of peers.values()) peer.socket.destroy()
  }
}

async function playStep({ side, kind, text, lineNumber }: Step, peer: Peer): Promise<void> {
  const at = `line ${lineNumber}`
  if (side === 'C') {
    if (kind === ':') peer.send(Buffer.from(`${text}\r\n`))
    else if (kind === '!') peer.send(unescape(text))
    else if (kind === '.') peer.socket.destroy()
    else peer.halfClose()
  } else if (kind === '.') {
    expect(await peer.rest(), at).toBe('')
  } else if (kind === '~') {
    expect(await peer.nextLine(), at).toMatch(new RegExp(`^(?:${text})$`))
  } else {
    expect(utf8(await peer.nextLine()), at).toBe(text)
  }
}

function readStep([, side, connection, kind, text]: RegExpExecArray, lineNumber: number): Step {
  return {
    side: side as 'C' | 'S',
    connection: Number(connection === '' ? 1 : connection),
    kind: kind as StepKind,
    text: text ?? '',
    lineNumber,
  }
}

function readDirective(text: string, accounts: ScriptAccount[], limits: Record<string, number>): void {
  const [directive, name = '', ...rest] = text.split(' ')
  if (directive === 'account') accounts.push({ name, password: rest.join(' '), messages: [] })
  else if (directive === 'message') accounts.at(-1)!.messages.push('')
  else if (directive === 'limit') limits[name] = Number(rest[0])
  else throw new Error(`unknown directive @${directive}`)
}

/** A line of the message begun last. */
function addMessageLine(accounts: readonly ScriptAccount[], line: string): void {
  const { messages } = accounts.at(-1)!
  messages[messages.length - 1] += `${line}\r\n`
}

function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex: string | undefined, char: string) =>
    hex === undefined
      ? ({ r: '\r', n: '\n', '0': '\0' }[char] ?? char)
      : String.fromCharCode(parseInt(hex, 16)),
  )
}

/** Peers read latin1; transcripts are written in UTF-8. */
function utf8(line: string | undefined): string | undefined {
  return line === undefined ? undefined : Buffer.from(line, 'latin1').toString('utf8')
}
