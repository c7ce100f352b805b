// What can still be read of the records of one source, whatever has become of the others: for who makes its ledger anew.
import { setImmediate } from 'node:timers/promises'
import type { CollectedRecord, SalvagedRecords } from '../../mail/collection-ledger.ts'
import { isCollectedName } from '../collected.ts'
import { digestFault, nameRecord, rowFault, toRecord } from './collected-row.ts'
import type { Connection } from './database.ts'
import { statement } from './statement.ts'

const pageRows = 500

export async function salvageRecords(reader: Connection, source: string): Promise<SalvagedRecords> {
  const records = new Map<string, CollectedRecord>()
  const unreadable: string[] = []
  for (let after = ''; ; await setImmediate()) {
    const page = await reader.rows(collectedPage, { source, key: after, limit: pageRows })
    for (const found of page) {
      after = found.key
      const fault = rowFault(found) ?? digestFault(found.digest) ?? nameFault(found.key)
      if (fault === undefined) records.set(found.key, toRecord(found))
      else unreadable.push(`${nameRecord(String(found.key))} cannot be read: ${fault}`)
    }
    if (page.length < pageRows) return { records, unreadable }
  }
}

/** Such a record could not be written again. */
function nameFault(key: unknown): string | undefined {
  return typeof key === 'string' && isCollectedName(key) ? undefined : 'its key is none'
}

const collectedPage = statement<{ source: string; key: string; limit: number }>()((db, p) =>
  db
    .selectFrom('collected_message')
    .selectAll()
    .where('source', '=', p.source)
    .where('key', '>', p.key)
    .orderBy('key')
    .limit(p.limit),
)
