// The bare server as a contender: it holds the mixed maildrops in memory and nothing else.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender, RunningServer } from './contender.ts'
import { freePort, startServer, stopServer } from './processes.ts'

export class Bare implements Contender {
  readonly name = 'bare'
  readonly title = 'bare Node server, answers from memory'
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-bare-'))

  async fill(): Promise<void> {
    // It composes the mixed maildrops itself.
  }

  async start(): Promise<RunningServer> {
    const pop3Port = await freePort()
    const script = join(import.meta.dirname, 'bare-server.js')
    const child = await startServer(
      [process.execPath, script, String(pop3Port)],
      join(this.#folder, 'output.log'),
      [pop3Port],
    )
    return { pid: child.pid ?? 0, pop3Port, stop: () => stopServer(child) }
  }

  makeCold(): void {
    // It has no indexes.
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
