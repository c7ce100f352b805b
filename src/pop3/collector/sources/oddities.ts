// What was odd in a listing of POP3, in sentences for the log.
import type { Listing, ListingAnomaly } from '../../client/index.ts'
import { shownText } from './advice.ts'

/** What the ledger takes; RFC 1939 section 7 has 70. */
export const maxKeyLength = 1_000

const maxOddities = 20

const sentences: { readonly [K in ListingAnomaly['kind']]: (of: ListingAnomaly & { kind: K }) => string } = {
  'only-in-list': ({ number }) => `message ${number} has no unique id`,
  'only-in-uidl': ({ number }) => `message ${number} has a unique id, but is not in the scan listing`,
  gap: ({ number }) => `messages before number ${number} are missing in the listing`,
  'duplicate-uidl': ({ number, uidl }) =>
    `message ${number} has the unique id ${shownText(uidl)}, which another has already`,
  'unreadable-line': ({ line }) => `a line of the listing cannot be read: ${shownText(line)}`,
  'listed-twice': ({ line }) => `a message is listed twice: ${shownText(line)}`,
}

/** The first twenty in words, the others counted. */
export function odditiesOf(listing: Listing): readonly string[] {
  const { anomalies } = listing
  const told = anomalies.slice(0, maxOddities).map(sentenceOf)
  if (anomalies.length > maxOddities) told.push(`and ${anomalies.length - maxOddities} more that are odd`)
  const unnamed = listing.filter(({ key }) => key === undefined).length
  if (listing.length > 0 && unnamed === listing.length) told.push('the server has no unique ids (UIDL)')
  const tooLong = listing.filter(({ key }) => key !== undefined && key.length > maxKeyLength).length
  if (tooLong > 0)
    told.push(`${tooLong} unique ids have more than ${maxKeyLength} characters, and are not used`)
  return told
}

function sentenceOf(anomaly: ListingAnomaly): string {
  return (sentences[anomaly.kind] as (of: ListingAnomaly) => string)(anomaly)
}
