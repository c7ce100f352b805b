// The log, with the ids of trace and span on the lines of sessions that are traced.
import type { Log } from '../net/log.ts'

export interface TraceIds {
  readonly trace_id: string
  readonly span_id: string
}

/** `idsOf` takes the id of a session. */
export function tracedLog(log: Log, idsOf: (sessionId: string) => TraceIds | undefined): Log {
  const complete = (fields: object): object => {
    const { session, id } = fields as { readonly session?: unknown; readonly id?: unknown }
    const sessionId = session ?? id
    const ids = typeof sessionId === 'string' ? idsOf(sessionId) : undefined
    return ids ? { ...fields, ...ids } : fields
  }
  return {
    debug: (fields, text) => log.debug(complete(fields), text),
    info: (fields, text) => log.info(complete(fields), text),
    warn: (fields, text) => log.warn(complete(fields), text),
    error: (fields, text) => log.error(complete(fields), text),
  }
}
