// Tells a person when a source needs one: by a webhook, by a program that gets the same JSON, or both. Once for each trouble, not
// with every run; a source that is well again is told as well.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { CollectedSource } from '../../mail/collection-ledger.ts'
import type { RunSummary } from './events.ts'

/** What is sent, as JSON. */
export interface Notice {
  /** `paused`: nobody tries any more; `failing`: the third run in a row has failed; `parked`: messages wait for a person. */
  readonly kind: 'paused' | 'failing' | 'parked' | 'well-again'
  readonly source: string
  /** A sentence for a person. */
  readonly text: string
  readonly at: Date
}

export interface NotifierOptions {
  readonly url?: string | undefined
  /** A program and its arguments; there is no shell. */
  readonly command?: readonly string[] | undefined
  readonly onFault: (error: unknown, source: string) => void
  readonly now?: () => Date
}

const timeoutMs = 10_000
/** Failures in a row that are nobody's business yet. */
const toleratedFailures = 2

export class Notifier {
  readonly #options: NotifierOptions
  /** What was told of a source last. */
  readonly #told = new Map<string, Notice['kind']>()
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async tell(summary: RunSummary, state: CollectedSource): Promise<void> {
    const { url, command, now = () => new Date() } = this.#options
    if (url === undefined && command === undefined) return
    const [kind, text] = this.#newsOf(summary, state) ?? []
    if (kind === undefined || text === undefined) return
    const notice: Notice = { kind, source: state.source, text, at: now() }
    const telling = this.#send(notice).finally(() => this.#underWay.delete(telling))
    this.#underWay.add(telling)
    await telling
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
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

  async #send(notice: Notice): Promise<void> {
    const { url, command, onFault } = this.#options
    const body = JSON.stringify(notice)
    const ends = await Promise.allSettled([url && post(url, body), command && run(command, body)])
    for (const end of ends) if (end.status === 'rejected') onFault(end.reason, notice.source)
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
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
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
