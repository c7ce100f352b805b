// Tells a person when a source needs one: by a webhook, by a program that gets the same JSON, or both. Once for each trouble, not
// with every run; a source that is well again is told as well. Who cannot be told now is told later.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { CollectedSource } from '../../mail/collection-ledger.ts'
import type { RunSummary } from './events.ts'
import { type Notice, NoticeQueue, Refused } from './notice-queue.ts'

export interface NotifierOptions {
  readonly url?: string | undefined
  /** A program and its arguments; there is no shell. */
  readonly command?: readonly string[] | undefined
  /** Told of each attempt that came to nothing; it is repeated. */
  readonly onFault: (error: unknown, source: string) => void
  /** Told of what nobody will be told any more. */
  readonly onLost: (notice: Notice) => void
  readonly now?: () => Date
}

const timeoutMs = 10_000
/** Failures in a row that are nobody's business yet. */
const toleratedFailures = 2

export class Notifier {
  readonly #options: NotifierOptions
  /** What was told of a source last. */
  readonly #told = new Map<string, Notice['kind']>()
  readonly #ways: readonly NoticeQueue[]

  constructor(options: NotifierOptions) {
    this.#options = options
    const { url, command, onFault, onLost } = options
    const sends = [
      ...(url === undefined ? [] : [(body: string) => post(url, body)]),
      ...(command === undefined ? [] : [(body: string) => run(command, body)]),
    ]
    this.#ways = sends.map(
      send => new NoticeQueue({ send: notice => send(JSON.stringify(notice)), onFault, onLost }),
    )
  }

  /** Resolves when it was told, or could not be told yet. Never rejects. */
  async tell(summary: RunSummary, state: CollectedSource): Promise<void> {
    const { now = () => new Date() } = this.#options
    if (this.#ways.length === 0) return
    const [kind, text] = this.#newsOf(summary, state) ?? []
    if (kind === undefined || text === undefined) return
    const notice: Notice = { kind, source: state.source, text, at: now() }
    await Promise.all(this.#ways.map(way => way.add(notice)))
  }

  /** Nothing is under way any more, and what could not be told is lost. */
  async close(): Promise<void> {
    await Promise.all(this.#ways.map(way => way.close()))
  }

  #newsOf(
    { parked, trouble }: RunSummary,
    { source, paused, failures, error = '' }: CollectedSource,
  ): readonly [Notice['kind'], string] | undefined {
    const before = this.#told.get(source)
    const news = (kind: Notice['kind'], text: string) => {
      if (before === kind) return undefined
      this.#told.set(source, kind)
      return [kind, text] as const
    }
    if (paused !== undefined) return news('paused', `${source} is paused: ${paused}`)
    if (failures > toleratedFailures)
      return news('failing', `${source} has failed ${failures} times in a row: ${error}`)
    // These are others each time.
    if (parked > 0)
      return ['parked', `${parked} of ${source} wait for you: \`poplar collect list ${source}\` shows them`]
    if (trouble) return undefined
    if (before === undefined || before === 'well-again') return undefined
    return news('well-again', `${source} is well again`)
  }
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  if (response.ok) return
  const text = `the webhook answered ${response.status}`
  throw isFinal(response.status) ? new Refused(text) : new Error(text)
}

/** RFC 9110 section 15.5: the same would be answered again, but for those that say that it is too early, or too much. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status)
}

async function run([program = '', ...args]: readonly string[], input: string): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    signal: AbortSignal.timeout(timeoutMs),
    killSignal: 'SIGKILL',
  })
  // A program that does not read its input has been told all the same.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal ?? 'nothing'}`)
}
