// What commands print on standard output: lines, tables for people, JSON for programs.

export interface Column<Row> {
  readonly title: string
  cell(row: Row): string | number
  readonly align?: 'right'
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2))
}

/** The rows themselves as a JSON array, or a table of the columns. An empty table prints nothing. */
export function printRows<Row extends object>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { json = false }: { readonly json?: boolean },
): void {
  if (json) printJson(rows)
  else if (rows.length > 0) process.stdout.write(formatTable(rows, columns))
}

/** A title line, then a line per row; columns as wide as their widest cell. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [
    columns.map(column => column.title.toUpperCase()),
    ...rows.map(row => columns.map(column => printable(String(column.cell(row))))),
  ]
  const widths = columns.map((_, i) => Math.max(...lines.map(line => [...(line[i] ?? '')].length)))
  const pad = (cell: string, i: number) => {
    const fill = ' '.repeat((widths[i] ?? 0) - [...cell].length)
    return columns[i]?.align === 'right' ? fill + cell : cell + fill
  }
  return lines.map(line => `${line.map(pad).join('  ').trimEnd()}\n`).join('')
}

/** 1,234 as `1.2 KiB`. */
export function formatOctets(octets: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = octets < 1 ? 0 : Math.min(Math.floor(Math.log2(octets) / 10), units.length - 1)
  return step === 0 ? `${octets} B` : `${(octets / 1024 ** step).toFixed(1)} ${units[step] ?? ''}`
}

/** The two largest units: `3d02h`, `2h11m`, `4m05s`, `7s`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  const [minutes, hours, days] = [60, 3600, 86_400].map(unit => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ]
  const two = (count: number) => String(count).padStart(2, '0')
  if (days > 0) return `${days}d${two(hours % 24)}h`
  if (hours > 0) return `${hours}h${two(minutes % 60)}m`
  return minutes > 0 ? `${minutes}m${two(seconds % 60)}s` : `${seconds}s`
}

/** `2026-11-20 19:17:00Z` */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** Nothing stored may steer the terminal it is shown on. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}
