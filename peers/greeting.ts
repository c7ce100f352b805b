// Starting a server of a layer: it is there when its port greets, and it has failed when its program ends before.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Transcript } from '../src/conformance/transcript.ts'
import { Wire } from '../src/conformance/wire.ts'
import type { Layer } from './layer.ts'

const startTimeoutMs = 30_000
/** How long a server may take to be there again when a client has brought it down. */
const restartTimeoutMs = 5_000
const pollMs = 50
const logTail = 2_000

/** Starts a program that stays in the foreground; rejects with what it said when the port does not greet. */
export async function startUntilGreets(
  layer: Layer,
  command: readonly string[],
  ports: readonly number[],
): Promise<void> {
  const logFile = `/tmp/${(command[0] ?? '').replaceAll('/', '-')}.log`
  const child = layer.start(command, logFile)
  const untilMs = performance.now() + startTimeoutMs
  for (const port of ports) {
    while (!(await greets(port))) {
      if (hasEnded(child) || performance.now() > untilMs)
        throw new Error(`${command.join(' ')} does not greet:\n${layer.read(logFile).trim().slice(-logTail)}`)
      await sleep(pollMs)
    }
  }
}

/** A super-server that starts the program for each connection, as many and as often as they come: inetd gives up on a crowd. */
export function connectionsTo(program: string, port: number): readonly string[] {
  return ['tcpserver', '-H', '-R', '-l', '0', '-c', '300', '127.0.0.1', String(port), program]
}

/** Waits for a server that is being started again. Resolves in any case: whoever connects next will see. */
export async function untilGreets(port: number): Promise<void> {
  const untilMs = performance.now() + restartTimeoutMs
  while (!(await greets(port)) && performance.now() < untilMs) await sleep(pollMs)
}

async function greets(port: number): Promise<boolean> {
  const address = { host: '127.0.0.1', port, patienceMs: 5_000 }
  try {
    const wire = await Wire.open({ ...address, name: 'first', tls: undefined, transcript: new Transcript() })
    await wire.line().finally(() => wire.drop())
    return true
  } catch {
    return false
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
