// A session of the client with a scripted server; both are gone after the test.
import { onTestFinished } from 'vitest'
import {
  type ConnectOptions,
  connect,
  type MessageRef,
  password,
  ServerMemory,
  type Session,
} from '../../../src/pop3/client/index.ts'
import { type Answer, type ScriptedServer, scriptedServer } from './scripted-server.ts'

interface Opened {
  readonly session: Session
  readonly server: ScriptedServer
}

/** With a memory of its own, and little patience. */
export function optionsFor(server: ScriptedServer): ConnectOptions {
  return {
    host: '127.0.0.1',
    port: server.port,
    tls: 'none',
    allowCleartextAuth: true,
    auth: password('ann', 'sesame'),
    timeouts: { command: 300, stall: 300, greeting: 300 },
    memory: new ServerMemory(),
  }
}

export async function serve(answers: readonly Answer[], greeting?: string): Promise<ScriptedServer> {
  const server = await scriptedServer(answers, greeting)
  onTestFinished(() => server.close())
  return server
}

export async function open(
  answers: readonly Answer[],
  greeting?: string,
  options: Partial<ConnectOptions> = {},
): Promise<Opened> {
  const server = await serve(answers, greeting)
  const session = await connect({ ...optionsFor(server), ...options })
  onTestFinished(() => session.abandon())
  return { session, server }
}

/** All messages, or those given, as latin1. */
export async function fetchAll(session: Session, refs?: Iterable<MessageRef>): Promise<string[]> {
  const texts: string[] = []
  for await (const { body } of session.retrieve(refs ?? (await session.listing())))
    texts.push(Buffer.from(await body.bytes()).toString('latin1'))
  return texts
}
