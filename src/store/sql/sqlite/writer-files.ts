// The connections of a writer, whichever thread it runs on.
import type { WriterFiles } from './batch.ts'
import { SqliteConnection } from './connection.ts'
import { openLeasesForReading } from './lease-file.ts'
import { type MailFileOptions, openForWriting } from './mail-file.ts'

export interface WriterOptions extends MailFileOptions {
  readonly mailPath: string
  readonly leasesPath: string
}

export function openWriterFiles(options: WriterOptions): WriterFiles {
  return {
    mail: new SqliteConnection(openForWriting(options.mailPath, options)),
    leases: new SqliteConnection(openLeasesForReading(options.leasesPath)),
  }
}
