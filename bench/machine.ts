// What the figures were measured on, as the report names it.
import { execFileSync } from 'node:child_process'
import { cpus, release, tmpdir, totalmem } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly fileSystem: string
  readonly node: string
}

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    fileSystem: fileSystemOf(tmpdir()),
    node: process.version,
  }
}

/** The second line of df's answer; the first is the heading. */
function fileSystemOf(path: string): string {
  const lines = execFileSync('df', ['--output=fstype', path], { encoding: 'utf8' }).trim().split('\n')
  return lines[1] ?? 'unknown'
}
