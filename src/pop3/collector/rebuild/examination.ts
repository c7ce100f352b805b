// What is found when a ledger is made anew: of every message that a source lists, which destinations have it, and what the old ledger
// still says. Where nothing is certain a message is taken for one that is not there: better twice than never.
import type { CollectedRecord, CollectedSource, CollectionLedger } from '../../../mail/collection-ledger.ts'
import { type Destination, DestinationError } from '../destination.ts'
import { keysOf } from '../keys.ts'
import type { Keyed } from '../plan.ts'
import type { CollectPolicy } from '../policy.ts'
import type { Source } from '../source.ts'
import { newSource } from '../source-state.ts'
import { asOfFirstRun } from './first-run.ts'
import { type Examined, Judge, type RebuildTrust } from './judge.ts'
import { recognise } from './recognise.ts'
import { Recognition } from './recognition.ts'

export interface ExaminationParts {
  readonly source: Source
  /** At least one, in the order in which they are delivered to. */
  readonly destinations: readonly Destination[]
  readonly policy: CollectPolicy
  readonly ledger: CollectionLedger
  readonly trust: RebuildTrust
  readonly signal: AbortSignal
  readonly now: () => Date
}

export interface Examination {
  /** Of what the source lists, in its order. */
  readonly messages: readonly Examined[]
  /** Of the old ledger: lines that can be read, and sentences on the others. */
  readonly readable: number
  readonly unreadable: readonly string[]
  /** Messages that were fetched from the source to be sure. */
  readonly fetched: number
  /** What the source had to say of its listing. */
  readonly oddities: readonly string[]
  /** The new ledger. */
  readonly state: CollectedSource
  readonly records: readonly CollectedRecord[]
}

/** Changes nothing anywhere. Throws `SourceError` and `DestinationError`. */
export async function examine(parts: ExaminationParts): Promise<Examination> {
  const { source, destinations, policy, ledger, trust, signal, now } = parts
  if (!destinations.some(({ copies }) => copies) && !trust.ledger) throw nothingReadable(source, destinations)
  const before = await ledger.findSource(source.name)
  const isSame = before === undefined || before.identity === source.identity
  const { records, unreadable } = await ledger.salvageRecords(source.name)
  // What another mailbox had under this name says nothing of this one.
  const old = isSame ? records : new Map<string, CollectedRecord>()
  await using session = await source.open(signal)
  const { loginDelayMs = 0 } = session.habits ?? {}
  const { messages, oddities } = await session.listing(signal)
  const listed = await keysOf(messages, session, signal)
  const recognitions = await readDestinations(listed, parts)
  const fetched = await recognise(listed, recognitions, { session, trustsHeaders: trust.headers, signal })
  const judge = new Judge({ recognitions, old, source: source.name, destinations, trust, now: now() })
  const found = listed.map(each => judge.judge(each))
  const judged =
    old.size > 0 ? found : await asOfFirstRun(listed, found, { source: source.name, session, policy, signal })
  const keys = new Set(listed.map(({ key }) => key))
  return {
    messages: judged.map(({ examined }) => examined),
    readable: records.size,
    unreadable,
    fetched,
    oddities,
    state: {
      ...newSource(source.name, source.identity),
      notBefore: loginDelayMs > 0 ? new Date(now().getTime() + loginDelayMs) : undefined,
      ...(isSame && { lastRunAt: past(before?.lastRunAt), lastSuccessAt: past(before?.lastSuccessAt) }),
    },
    records: [
      ...judged.flatMap(({ record }) => record ?? []),
      // What is not listed just now may be again, as far as the source is concerned.
      ...[...old.values()].filter(({ key }) => !keys.has(key)),
    ],
  }

  function past(date: Date | undefined): Date | undefined {
    return date && date <= now() ? date : undefined
  }
}

async function readDestinations(
  listed: readonly Keyed[],
  { source, destinations, signal }: ExaminationParts,
): Promise<readonly Recognition[]> {
  const octets = listed.flatMap(({ message }) => message.octets ?? [])
  const sizes = octets.length === listed.length ? new Set(octets) : undefined
  const recognitions: Recognition[] = []
  for (const { name, copies } of destinations) {
    if (!copies) continue
    const recognition = new Recognition(name, source.name)
    if (listed.length > 0) await copies({ signal, sizes, onCopy: copy => recognition.copies.add(copy) })
    recognitions.push(recognition)
  }
  return recognitions
}

function nothingReadable({ name }: Source, destinations: readonly Destination[]): DestinationError {
  const which = destinations.map(({ description }) => description).join(', ')
  return new DestinationError(
    'configuration',
    `${name} has no destination that could be asked what it has (${which}). ` +
      `\`poplar collect rebuild ${name} --trust-ledger\` keeps what can still be read of the ledger, and the rest comes again; ` +
      `\`poplar collect forget ${name}\` begins anew, behind it \`poplar collect import\` takes over what another program knows, ` +
      `and \`since\` or \`newest\` leave what is old alone`,
  )
}
