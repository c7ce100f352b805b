// What a run shows while it goes on: a bar for each source on a terminal, or every event as a line of JSON.
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import type { CollectEvent } from '../../pop3/collector/events.ts'
import { formatOctets, printable, printLine } from '../output.ts'

type Listed = CollectEvent & { readonly kind: 'listed' }

export interface RunScreen {
  /** The last listing of each source. */
  readonly listed: ReadonlyMap<string, Listed>
  show(event: CollectEvent): void
  /** Safe twice. */
  stop(): void
}

interface Shown {
  readonly bar: SingleBar
  readonly begun: number
  messages: number
  octets: number
}

const format =
  '{source} {bar} {percentage}% | {messages}/{total_messages} messages | {octets} | {rate}/s | {eta_formatted} left'

export function createRunScreen({ json }: { readonly json: boolean }): RunScreen {
  const listed = new Map<string, Listed>()
  const bars = new Map<string, Shown>()
  const isTerminal = process.stderr.isTTY && !json
  const screen = isTerminal
    ? new MultiBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic)
    : undefined

  function begin(event: Listed): void {
    listed.set(event.source, event)
    if (!screen || event.toFetch === 0) return
    const bar = screen.create(Math.max(1, event.toFetchOctets), 0, {
      source: printable(event.source),
      messages: 0,
      total_messages: event.toFetch,
      octets: formatOctets(0),
      rate: formatOctets(0),
    })
    bars.set(event.source, { bar, begun: performance.now(), messages: 0, octets: 0 })
  }

  function move(source: string, octets: number, messages: number): void {
    const shown = bars.get(source)
    if (!shown) return
    shown.octets += octets
    shown.messages += messages
    const seconds = Math.max(0.001, (performance.now() - shown.begun) / 1000)
    // A server may be wrong about sizes: the bar does not go beyond.
    shown.bar.update(Math.min(shown.octets, shown.bar.getTotal()), {
      messages: shown.messages,
      octets: formatOctets(shown.octets),
      rate: formatOctets(Math.round(shown.octets / seconds)),
    })
  }

  /** Behind the bars, which are drawn anew below it. */
  function say(text: string): void {
    if (screen) screen.log(`${printable(text)}\n`)
    else process.stderr.write(`${printable(text)}\n`)
  }

  return {
    listed,
    show(event) {
      if (json && event.kind !== 'received') printLine(JSON.stringify(event))
      if (event.kind === 'listed') begin(event)
      else if (event.kind === 'received') move(event.source, event.octets, 0)
      else if (event.kind === 'stored') move(event.source, 0, 1)
      else if (!json) {
        const sentence = sentenceOf(event)
        if (sentence !== undefined) say(`${event.source}: ${sentence}`)
      }
    },
    stop() {
      screen?.stop()
    },
  }
}

/** What somebody who watches wants to read; the table at the end tells the rest. */
function sentenceOf(event: CollectEvent): string | undefined {
  if (event.kind === 'waiting-for-lease') return 'another collector is at it; waiting for it'
  if (event.kind === 'failed') {
    const next = event.retryAt
      ? `to be tried again after ${event.retryAt.toISOString()}`
      : 'set aside for good'
    return `${event.key} failed, ${next}: ${event.reason}`
  }
  if (event.kind === 'skipped') return `${event.key} was left there: ${event.reason}`
  if (event.kind === 'deleted' && event.state === 'unknown')
    return `whether ${event.messages} messages were deleted is not known yet`
  return undefined
}
