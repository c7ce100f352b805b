// A SQLite database behind the ports: one file for the mail, one for the leases, a reader here and a writer on this
// thread or on one of its own.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal } from '../../../mail/errors.ts'
import type { Database } from '../database.ts'
import { SqliteConnection } from './connection.ts'
import { refusalOf } from './errors.ts'
import { InlineWriter } from './inline-writer.ts'
import { openLeases } from './lease-file.ts'
import { openForReading, prepareMailFile } from './mail-file.ts'
import { ThreadWriter } from './thread-writer.ts'
import { openWriterFiles, type WriterOptions } from './writer-files.ts'

export interface SqliteOptions {
  readonly folder: string
  readonly writer: 'thread' | 'inline'
  readonly now: () => number
  readonly busyTimeoutMs: number
  readonly maxPages?: number
}

/** Opens the database of a folder, making what is missing. Refuses with `store-unusable`, `store-busy`, `store-full`. */
export function openSqlite({ folder, writer: kind, now, ...options }: SqliteOptions): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const paths = { mailPath: join(folder, 'poplar.sqlite'), leasesPath: join(folder, 'leases.sqlite') }
  prepareMailFile(paths.mailPath)
  const leases = new SqliteConnection(openLeases(paths.leasesPath))
  const reader = new SqliteConnection(openForReading(paths.mailPath))
  const writerOptions: WriterOptions = { ...paths, ...options }
  const writer =
    kind === 'thread' ? new ThreadWriter(writerOptions) : new InlineWriter(openWriterFiles(writerOptions))

  return {
    reader,
    leases,
    writer,
    now,
    get fileOctets() {
      return octetsOf(paths.mailPath) + octetsOf(`${paths.mailPath}-wal`)
    },
    checkFiles: () => [reader, leases].flatMap(checkFile),
    async close() {
      // The writer goes last: the last connection to leave copies the log into the file.
      reader.close()
      await writer.close()
      leases.close()
    },
  }
}

function octetsOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function checkFile({ file }: SqliteConnection): string[] {
  try {
    const findings = file.prepare<[], string>('pragma integrity_check').pluck().all()
    return findings.filter(finding => finding !== 'ok').map(finding => `${file.name}: ${finding}`)
  } catch (error) {
    const refusal = refusalOf(error)
    if (!isRefusal(refusal, 'store-unusable')) throw refusal
    return [`${file.name}: ${refusal.message}`]
  }
}
