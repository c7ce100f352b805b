// The logger as the protocols use it: structured fields first, then a short text. A pino logger fits.

export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** Says nothing; the default where a log may be left out. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
