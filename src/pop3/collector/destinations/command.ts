// A program that takes the message on its standard input, LF line ends, as MDAs do, and says by its exit code (sysexits.h) what
// became of it. No shell. At least once: a kill between its exit and the ledger runs it again, with the same
// POPLAR_DELIVERY_KEY. What it has started goes with it when its time is up.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toFileLineEnds } from '../../../mail/message/line-ends.ts'
import { type Destination, DestinationError, type DestinationFault } from '../destination.ts'
import type { Letter } from '../letter.ts'
import { shownText } from '../sources/advice.ts'

export interface CommandOptions {
  /** Default five minutes. */
  readonly timeLimitMs?: number
}

const timeLimitMs = 300_000
/** Between SIGTERM and SIGKILL. */
const graceMs = 5000
/** How long its output is waited for once it has ended. */
const lingerMs = 500
/** Of what it says, the last. */
const keptOctets = 2048

/** Of sysexits.h, and of qmail's programs; whatever else is not 0 concerns the message. */
const exits: Readonly<Record<number, readonly [DestinationFault, string]>> = {
  64: ['configuration', 'EX_USAGE'],
  67: ['configuration', 'EX_NOUSER'],
  68: ['configuration', 'EX_NOHOST'],
  69: ['unavailable', 'EX_UNAVAILABLE'],
  71: ['unavailable', 'EX_OSERR'],
  72: ['unavailable', 'EX_OSFILE'],
  73: ['unavailable', 'EX_CANTCREAT'],
  74: ['unavailable', 'EX_IOERR'],
  75: ['unavailable', 'EX_TEMPFAIL'],
  77: ['configuration', 'EX_NOPERM'],
  78: ['configuration', 'EX_CONFIG'],
  111: ['unavailable', 'a temporary error'],
  126: ['configuration', 'it cannot be run'],
  127: ['configuration', 'a program was not found'],
}

const cannotStart: Readonly<Record<string, DestinationFault>> = {
  ENOENT: 'configuration',
  EACCES: 'configuration',
  ENOEXEC: 'configuration',
  ENOTDIR: 'configuration',
}

/** What a program may want to know of the machine; nothing else of our environment, where keys may be, reaches it. */
const inherited = ['HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'PATH', 'SHELL', 'TMPDIR', 'TZ', 'USER']

/** `command` is the program and its arguments. */
export function commandDestination(
  name: string,
  command: readonly [program: string, ...args: string[]],
  options: CommandOptions = {},
): Destination {
  const [program] = command
  return {
    name,
    description: `command ${program}`,
    promise: 'at-least-once',
    store: async (letter, { signal }) => {
      await run(command, letter, { timeLimitMs: options.timeLimitMs ?? timeLimitMs, signal })
      return 'stored'
    },
    close: () => Promise.resolve(),
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

async function run(
  command: readonly [string, ...string[]],
  letter: Letter,
  { timeLimitMs, signal }: { readonly timeLimitMs: number; readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted()
  const [program] = command
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)])
  const child = start(command, letter)
  let grace: NodeJS.Timeout | undefined
  const end = () => {
    killGroup(child, 'SIGTERM')
    grace = setTimeout(() => killGroup(child, 'SIGKILL'), graceMs)
  }
  limit.addEventListener('abort', end)
  try {
    const said = Promise.all([tailOf(child.stdout), tailOf(child.stderr)])
    const feeding = feed(child, letter)
    const [exitCode, endedBy] = await exitOf(child, program)
    if (limit.aborted) killGroup(child, 'SIGKILL')
    const spoolFault = await leave(child, said, feeding)
    if (signal.aborted) throw new DestinationError('unavailable', 'stopped')
    if (limit.aborted)
      throw new DestinationError(
        'unavailable',
        `${program} was ended: it ran for more than ${timeLimitMs / 1000} s`,
      )
    if (spoolFault) throw spoolFault
    const [out, problem] = (await said).map(text => shownText(text))
    const says = problem || out ? `: ${problem || out}` : ''
    if (endedBy !== null)
      throw new DestinationError('unavailable', `${program} was ended by ${endedBy}${says}`)
    if (exitCode !== 0) throw faultOf(program, exitCode ?? -1, says)
  } finally {
    clearTimeout(grace)
    limit.removeEventListener('abort', end)
  }
}

function start([program, ...args]: readonly [string, ...string[]], letter: Letter): Child {
  try {
    return spawn(program, args, {
      env: environmentFor(letter),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be ended.
      detached: true,
    })
  } catch (error) {
    throw startFault(error, program)
  }
}

/** What it has left running may hold its output open, and its input, for ever. Gives what `feed` gives. */
async function leave(
  child: Child,
  said: Promise<unknown>,
  feeding: Promise<Error | undefined>,
): Promise<Error | undefined> {
  child.stdin.destroy()
  const timer = setTimeout(() => {
    child.stdout.destroy()
    child.stderr.destroy()
  }, lingerMs)
  await said
  clearTimeout(timer)
  return feeding
}

function environmentFor({
  source,
  deliveryKey,
  reversePath,
  octets,
  receivedAt,
}: Letter): Record<string, string> {
  const own = inherited.flatMap(name => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(own),
    POPLAR_SOURCE: source,
    POPLAR_DELIVERY_KEY: deliveryKey,
    POPLAR_SENDER: reversePath,
    POPLAR_OCTETS: String(octets),
    POPLAR_RECEIVED_AT: receivedAt.toISOString(),
  }
}

/** A program need not read what it is given. What went wrong on our side is given back, and the program ended. */
async function feed(child: Child, letter: Letter): Promise<Error | undefined> {
  let spoolFault: Error | undefined
  async function* octets() {
    try {
      yield* toFileLineEnds(letter.body())
    } catch (error) {
      spoolFault = error instanceof Error ? error : new Error(String(error))
      // Before it takes the end of its input for the end of the message.
      killGroup(child, 'SIGKILL')
      throw error
    }
  }
  await pipeline(Readable.from(octets(), { objectMode: false }), child.stdin).catch(() => undefined)
  return spoolFault
}

/** The last of what it says; the rest is read and forgotten. */
async function tailOf(output: Readable): Promise<string> {
  let tail = Buffer.alloc(0)
  try {
    for await (const chunk of output) tail = Buffer.concat([tail, chunk as Buffer]).subarray(-keptOctets)
  } catch {
    // Its end was closed under it.
  }
  return tail.toString('utf8')
}

async function exitOf(child: Child, program: string): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  } catch (error) {
    throw startFault(error, program)
  }
}

function startFault(error: unknown, program: string): DestinationError {
  const { code = '', message } = error as NodeJS.ErrnoException
  const fault = cannotStart[code] ?? 'unavailable'
  return new DestinationError(fault, `${program} could not be started: ${message}`, { cause: error })
}

function faultOf(program: string, exitCode: number, says: string): DestinationError {
  const [fault, meaning] = exits[exitCode] ?? ['message', undefined]
  const code = `${exitCode}${meaning === undefined ? '' : ` (${meaning})`}`
  return new DestinationError(fault, `${program} ended with ${code}${says}`)
}

function killGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // All of it has ended.
  }
}
