// The statements of the collection ledger. Records lie in the order of their keys, so that those of a source are read from
// one place to the next.
import { listOf } from './column-list.ts'
import type { Schema } from './schema.ts'
import { statement, type Value } from './statement.ts'

export const upsertCollected = statement<Schema['collected_message']>()((db, p) =>
  db
    .insertInto('collected_message')
    .values({
      source: p.source,
      key: p.key,
      state: p.state,
      destinations: p.destinations,
      digest: p.digest,
      octets: p.octets,
      stored_at: p.stored_at,
      failures: p.failures,
      reason: p.reason,
      retry_at: p.retry_at,
      absent_since: p.absent_since,
      absent_sessions: p.absent_sessions,
      recorded_at: p.recorded_at,
    })
    .onConflict(conflict =>
      conflict.columns(['source', 'key']).doUpdateSet(eb => ({
        state: eb.ref('excluded.state'),
        destinations: eb.ref('excluded.destinations'),
        digest: eb.ref('excluded.digest'),
        octets: eb.ref('excluded.octets'),
        stored_at: eb.ref('excluded.stored_at'),
        failures: eb.ref('excluded.failures'),
        reason: eb.ref('excluded.reason'),
        retry_at: eb.ref('excluded.retry_at'),
        absent_since: eb.ref('excluded.absent_since'),
        absent_sessions: eb.ref('excluded.absent_sessions'),
      })),
    ),
)

export const collectedDestinations = statement<{ source: string; key: string }>()((db, p) =>
  db
    .selectFrom('collected_message')
    .select('destinations')
    .where('source', '=', p.source)
    .where('key', '=', p.key),
)

export const deleteCollected = statement<{ source: string; key: string }>()((db, p) =>
  db.deleteFrom('collected_message').where('source', '=', p.source).where('key', '=', p.key),
)

export const deleteCollectedOf = statement<{ source: string }>()((db, p) =>
  db.deleteFrom('collected_message').where('source', '=', p.source),
)

export const deleteSomeCollected = statement<{ source: string; limit: number }>()((db, p) =>
  db
    .deleteFrom('collected_message')
    .where('source', '=', p.source)
    .where('key', 'in', own =>
      own.selectFrom('collected_message').select('key').where('source', '=', p.source).limit(p.limit),
    )
    .returning('key'),
)

interface KeyPage extends Record<string, Value> {
  source: string
  key: string
  limit: number
}

/** Behind a key, each column that most records fill as one list: see listings.ts. */
export const collectedChunk = statement<KeyPage>()((db, p) =>
  db
    .selectFrom(
      db
        .selectFrom('collected_message')
        .select(['key', 'state', 'destinations', 'digest', 'octets', 'stored_at'])
        .where('source', '=', p.source)
        .where('key', '>', p.key)
        .orderBy('key')
        .limit(p.limit)
        .as('scanned'),
    )
    .select([
      listOf<string>('key').as('key'),
      listOf<string>('state').as('state'),
      listOf<string | null>('destinations').as('destinations'),
      listOf<string | null>('digest').as('digest'),
      listOf<number | null>('octets').as('octets'),
      listOf<number | null>('stored_at').as('stored_at'),
    ]),
)

/** The other columns, of the few records of a range that fill any of them. */
export const troubledOfChunk = statement<{ source: string; key: string; last: string }>()((db, p) =>
  db
    .selectFrom('collected_message')
    .select(['key', 'failures', 'reason', 'retry_at', 'absent_since', 'absent_sessions'])
    .where('source', '=', p.source)
    .where('key', '>', p.key)
    .where('key', '<=', p.last)
    .where(eb =>
      eb.or([
        eb('failures', '<>', 0),
        eb('absent_sessions', '<>', 0),
        eb('reason', 'is not', null),
        eb('retry_at', 'is not', null),
        eb('absent_since', 'is not', null),
      ]),
    ),
)

interface StatePage extends KeyPage {
  state: string
  recorded_at: number
}

/** Of one state, from the index `collected_state`. */
export const collectedOfState = statement<StatePage>()((db, p) =>
  db
    .selectFrom('collected_message')
    .selectAll()
    .where('source', '=', p.source)
    .where('state', '=', p.state)
    .where(eb => eb(eb.refTuple('recorded_at', 'key'), '>', eb.tuple(p.recorded_at, p.key)))
    .orderBy('recorded_at')
    .orderBy('key')
    .limit(p.limit),
)

/** From the index `collected_state` alone. */
export const countCollected = statement<{ source: string }>()((db, p) =>
  db
    .selectFrom('collected_message')
    .select(({ fn }) => ['state', fn.countAll<number>().as('records')])
    .where('source', '=', p.source)
    .groupBy('state'),
)

export const upsertSource = statement<Schema['collected_source']>()((db, p) =>
  db
    .insertInto('collected_source')
    .values({
      source: p.source,
      identity: p.identity,
      last_run_at: p.last_run_at,
      last_success_at: p.last_success_at,
      failures: p.failures,
      login_failures: p.login_failures,
      error: p.error,
      not_before: p.not_before,
      paused: p.paused,
    })
    .onConflict(conflict =>
      conflict.column('source').doUpdateSet(eb => ({
        identity: eb.ref('excluded.identity'),
        last_run_at: eb.ref('excluded.last_run_at'),
        last_success_at: eb.ref('excluded.last_success_at'),
        failures: eb.ref('excluded.failures'),
        login_failures: eb.ref('excluded.login_failures'),
        error: eb.ref('excluded.error'),
        not_before: eb.ref('excluded.not_before'),
        paused: eb.ref('excluded.paused'),
      })),
    ),
)

export const sourceByName = statement<{ source: string }>()((db, p) =>
  db.selectFrom('collected_source').selectAll().where('source', '=', p.source),
)

export const allSources = statement()(db => db.selectFrom('collected_source').selectAll().orderBy('source'))

export const deleteSource = statement<{ source: string }>()((db, p) =>
  db.deleteFrom('collected_source').where('source', '=', p.source),
)
