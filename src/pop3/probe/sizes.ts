// Whether LIST tells the truth, and where it does not, what the server counts in place of octets: RFC 1939 section 11 wants the
// octets of the message with CRLF line ends, and without what the dots need.
import { note, type Verdict, well, wrong } from './finding.ts'
import type { Sampled } from './notes.ts'

interface Way {
  readonly counts: string
  /** What LIST would say then. */
  listed(facts: Sampled['facts']): number
}

/** The first that fits is told. */
const ways: readonly Way[] = [
  { counts: 'octets', listed: ({ octets }) => octets },
  { counts: 'line ends as one octet', listed: ({ octets, lines }) => octets - lines },
  { counts: 'the dots of stuffing too', listed: ({ octets, stuffedLines }) => octets + stuffedLines },
  { counts: 'the final dot too', listed: ({ octets }) => octets + 3 },
  {
    counts: 'all that goes over the wire',
    listed: ({ octets, stuffedLines }) => octets + stuffedLines + 3,
  },
  { counts: 'the message without its last line end', listed: ({ octets }) => octets - 2 },
]
const exact = ways[0]?.counts

export function sizesVerdict(samples: readonly Sampled[]): Verdict {
  if (samples.length === 0) return note('not known: no message was fetched')
  const groups = grouped(samples)
  const exactCount = groups.get(exact)?.length ?? 0
  const of = `${exactCount} of ${samples.length}`
  if (exactCount === samples.length) return well(`LIST and RETR agree to the octet in ${of} messages`)
  const others = [...groups].filter(([counts]) => counts !== exact)
  const told = others.map(([counts, some]) => {
    const [first] = some
    const example =
      first && `message ${first.number}: ${first.listed ?? 'no number'}, and ${first.facts.octets} came`
    return `${counts === undefined ? 'another number' : `it counts ${counts}`} in ${some.length} (${example})`
  })
  return wrong(`LIST and RETR agree in ${of} messages; ${told.join('; ')}`)
}

function grouped(samples: readonly Sampled[]): ReadonlyMap<string | undefined, readonly Sampled[]> {
  const groups = new Map<string | undefined, Sampled[]>()
  for (const sample of samples) {
    const way = ways.find(each => each.listed(sample.facts) === sample.listed)
    groups.set(way?.counts, [...(groups.get(way?.counts) ?? []), sample])
  }
  return groups
}
