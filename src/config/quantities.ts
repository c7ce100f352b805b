// Sizes and durations as people write them: `50MiB`, `10m`. A bare number of octets is a size; a duration has a unit,
// except 0.

const octetsPerUnit = new Map([
  ['', 1],
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
])

const millisecondsPerUnit = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** The octets of `50MiB`, `1.5GB` or `1048576`. Throws a sentence for a person. */
export function parseOctets(text: string): number {
  const octets = parseQuantity(text, octetsPerUnit)
  if (octets === undefined) throw new Error(`${JSON.stringify(text)} is no size such as 50MiB`)
  return octets
}

/** The milliseconds of `10m`, `7d`, `1.5h` or `0`. Throws a sentence for a person. */
export function parseMilliseconds(text: string): number {
  const milliseconds = text === '0' ? 0 : parseQuantity(text, millisecondsPerUnit)
  if (milliseconds === undefined) throw new Error(`${JSON.stringify(text)} is no duration such as 10m`)
  return milliseconds
}

/** Undefined when the text is no number with one of the units, or the result is no safe integer. */
function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]*)$/.exec(text) ?? []
  const factor = units.get(unit)
  if (digits === undefined || factor === undefined) return undefined
  const quantity = Math.round(Number(digits) * factor)
  return Number.isSafeInteger(quantity) ? quantity : undefined
}
