// A progress bar on standard error, only where that is a terminal.
import { Presets, SingleBar } from 'cli-progress'

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
