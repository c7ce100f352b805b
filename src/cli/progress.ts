// A progress bar on standard error, only where that is a terminal.
import { Presets, SingleBar } from 'cli-progress'
import { formatOctets } from './output.ts'

export interface Progress {
  /** Moves on by so many units. */
  advance(by: number): void
  /** Ends the bar's line; to be called however the work ends. */
  stop(): void
}

/** Shows how much of `total` is done, in units named by `unit` (`messages`, `octets`). */
export function startProgress(total: number, unit: string): Progress {
  if (!process.stderr.isTTY) return { advance() {}, stop() {} }
  const format = `{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic)
  bar.start(total, 0)
  return { advance: by => bar.increment(by), stop: () => bar.stop() }
}

export interface TransferProgress {
  /** Octets that came; with `isWhole` a message ends. */
  advance(octets: number, isWhole: boolean): void
  stop(): void
}

export interface TransferTotals {
  /** Zero where nobody knows. A server may be wrong about it: the bar does not go beyond. */
  readonly octets: number
  readonly messages: number
}

/** Shows messages and octets that came, how many come in a second, and how long it will still take. */
export function startTransfer(
  { octets: total, messages }: TransferTotals,
  stream: NodeJS.WriteStream = process.stderr,
): TransferProgress {
  if (!stream.isTTY) return { advance() {}, stop() {} }
  const begun = performance.now()
  let octets = 0
  let whole = 0
  const format =
    '{bar} {percentage}% | {whole}/{messages} messages | {octets} | {rate}/s | {eta_formatted} left'
  const bar = new SingleBar({ format, stream, hideCursor: true }, Presets.shades_classic)
  const shown = () => {
    const seconds = Math.max(0.001, (performance.now() - begun) / 1000)
    return { whole, messages, octets: formatOctets(octets), rate: formatOctets(Math.round(octets / seconds)) }
  }
  bar.start(Math.max(1, total), 0, shown())
  return {
    advance(by, isWhole) {
      octets += by
      if (isWhole) whole += 1
      bar.update(Math.min(octets, Math.max(1, total)), shown())
    },
    stop: () => bar.stop(),
  }
}
