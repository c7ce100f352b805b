// Dates as mail writes them: in header fields (RFC 5322 section 3.3) and in the From_ lines of mboxes (RFC 4155).
// Read leniently, because the date is only the internal date of an imported message; a date that is none is undefined.

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** RFC 5322 section 4.3: the zones that have a name; every other one counts as UTC. In hours. */
const zoneHours: Record<string, number> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
}

const fieldDate =
  /(\d{1,2})[ \t]+([a-z]{3})[a-z]*\.?[ \t]+(\d{2,4})[ \t]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \t]+([+-]\d{4}|[a-z]{1,5}))?/i

/** The date of a Date field's value. */
export function parseFieldDate(value: string): Date | undefined {
  const match = fieldDate.exec(value.replace(/\s+/g, ' '))
  if (!match) return undefined
  const [, day = '', month = '', year = '', hours = '', minutes = '', seconds = '0', zone = ''] = match
  return toDate({ day, month, year, hours, minutes, seconds, zone })
}

/** The date of a Received field's value: what stands behind its last semicolon. RFC 5321 section 4.4. */
export function parseReceivedDate(value: string): Date | undefined {
  return parseFieldDate(value.slice(value.lastIndexOf(';') + 1))
}

const fromLineDate =
  /\b([a-z]{3}) +(\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +([+-]\d{4}|[a-z]{1,5}))? +(\d{4})(?: +([+-]\d{4}))?\b/i

/** The date of a From_ line, `From user Thu Nov 20 19:17:00 2026`; UTC unless the line names a zone. */
export function parseFromLineDate(line: string): Date | undefined {
  const match = fromLineDate.exec(line)
  if (!match) return undefined
  const [, month = '', day = '', hours = '', minutes = '', seconds = '0', zone, year = '', zoneBehind] = match
  return toDate({ day, month, year, hours, minutes, seconds, zone: zone ?? zoneBehind ?? '' })
}

function toDate(parts: Record<'day' | 'month' | 'year' | 'hours' | 'minutes' | 'seconds' | 'zone', string>) {
  const month = months.indexOf(parts.month.toLowerCase())
  const [day, hours, minutes, seconds] = [parts.day, parts.hours, parts.minutes, parts.seconds].map(Number)
  if (month < 0 || !inRange(day, 1, 31) || !inRange(hours, 0, 23)) return undefined
  if (!inRange(minutes, 0, 59) || !inRange(seconds, 0, 60)) return undefined
  const local = Date.UTC(fullYear(parts.year), month, day, hours, minutes, Math.min(seconds, 59))
  return new Date(local - zoneMinutes(parts.zone) * 60_000)
}

function inRange(value: number | undefined, least: number, most: number): value is number {
  return value !== undefined && value >= least && value <= most
}

/** RFC 5322 section 4.3: years of two and three digits. */
function fullYear(text: string): number {
  const year = Number(text)
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year
  return text.length === 3 ? 1900 + year : year
}

function zoneMinutes(zone: string): number {
  const offset = /^([+-])(\d{2})(\d{2})$/.exec(zone)
  if (!offset) return (zoneHours[zone.toUpperCase()] ?? 0) * 60
  const minutes = Number(offset[2]) * 60 + Number(offset[3])
  return offset[1] === '-' ? -minutes : minutes
}
