// Which lines of the collection ledger cannot be read. Until they are mended, nothing is collected from their source.
import { setImmediate } from 'node:timers/promises'
import { digestFault, nameRecord, rowFault } from './collected-row.ts'
import { sourceFault } from './collected-source.ts'
import { allSources } from './collected-statements.ts'
import type { Connection } from './database.ts'
import { statement } from './statement.ts'

const pageRows = 200

export async function* collectedFaults(reader: Connection): AsyncGenerator<string> {
  for (const found of await reader.rows(allSources, {})) {
    const fault = sourceFault(found)
    if (fault !== undefined) yield `collected from ${found.source}: ${fault}; ${remedyFor(found.source)}`
  }
  for (let from = { source: '', key: '' }; ; await setImmediate()) {
    const page = await reader.rows(collectedAfter, { ...from, limit: pageRows })
    for (const found of page) {
      const { source, key } = found
      from = { source, key }
      const fault = rowFault(found) ?? digestFault(found.digest)
      if (fault === undefined) continue
      yield `collected from ${source}: ${nameRecord(key)} cannot be read: ${fault}; ${remedyFor(source)}`
    }
    if (page.length < pageRows) return
  }
}

function remedyFor(source: string): string {
  return `poplar collect rebuild ${source} makes the ledger anew`
}

const collectedAfter = statement<{ source: string; key: string; limit: number }>()((db, p) =>
  db
    .selectFrom('collected_message')
    .selectAll()
    .where(eb => eb(eb.refTuple('source', 'key'), '>', eb.tuple(p.source, p.key)))
    .orderBy('source')
    .orderBy('key')
    .limit(p.limit),
)
