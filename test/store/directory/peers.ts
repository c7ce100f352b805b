// What the tests of sources start: a log that is kept, folders, free ports, programs of the system.
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isVerifiable, scramKeysOf } from '../../../src/auth/crypt-scheme.ts'
import type { DirectoryLog, DirectoryOptions } from '../../../src/store/directory/source.ts'

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: object
  readonly text: string
}

export function keptLog(): DirectoryLog & { readonly lines: LogLine[]; text(): string } {
  const lines: LogLine[] = []
  const keep = (level: LogLine['level']) => (fields: object, text: string) => {
    lines.push({ level, fields, text })
  }
  return {
    lines,
    text: () => JSON.stringify(lines),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  }
}

export const schemes: DirectoryOptions['schemes'] = { isVerifiable, scramKeysOf }

/** A new folder; the caller removes it. */
export function newFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'poplar-directory-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Why tests that need the file must be skipped; with CI=true that is a failure. */
export function missing(program: string): string | undefined {
  try {
    accessSync(program, constants.X_OK)
    return undefined
  } catch {
    const reason = `${program} is not installed`
    if (process.env['CI'] === 'true') throw new Error(reason)
    return reason
  }
}

/** Asks again and again until it does not reject. */
export async function untilDone<T>(ask: () => Promise<T>, timeoutMs = 20_000): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}
