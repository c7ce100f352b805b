// The log of the server: one line per event on standard error, JSON for programs or coloured for people. Lines are
// written behind the event loop's back; a reader who falls far behind loses lines rather than stopping the mail.
import { destination, type Logger, pino, stdSerializers } from 'pino'

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** `auto` is pretty where standard error is a terminal. */
  readonly format: 'auto' | 'json' | 'pretty'
}

const standardError = 2
/** Lines wait this long at most before they are written together. */
const flushEveryMs = 100
const maxWaitingOctets = 16 * 1024 * 1024

/** A logger that fits `Log` of net/log.ts; its `level` can be changed at any time. */
export async function createLog({ level, format }: LogOptions): Promise<Logger> {
  const options = {
    level,
    base: null,
    timestamp: timeField,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err },
  }
  const forPeople = format === 'pretty' || (format === 'auto' && process.stderr.isTTY)
  if (forPeople) {
    const { default: pretty } = await import('pino-pretty')
    const colorize = process.stderr.isTTY
    return pino(
      options,
      pretty({ destination: standardError, sync: true, colorize, translateTime: 'SYS:HH:MM:ss.l' }),
    )
  }
  return pino(
    options,
    destination({
      dest: standardError,
      sync: false,
      minLength: 4096,
      periodicFlush: flushEveryMs,
      maxLength: maxWaitingOctets,
    }),
  )
}

let timedMs = 0
let timedField = ''

/** `,"time":"2026-11-20T19:04:05.123Z"`; lines of one millisecond share it. */
function timeField(): string {
  const nowMs = Date.now()
  if (nowMs !== timedMs) {
    timedMs = nowMs
    timedField = `,"time":"${new Date(nowMs).toISOString()}"`
  }
  return timedField
}
