// Writes into the ledger what another program has fetched, so that it is not fetched again. What the ledger knows already
// stays as it is; a second time changes nothing.
import type { CollectedRecord, CollectionLedger } from '../../../mail/collection-ledger.ts'
import { newRecord } from '../record.ts'
import { newSource } from '../source-state.ts'
import type { Adopted, AdoptedSource } from './adopted.ts'
import { ForeignFileError } from './foreign.ts'

export interface AdoptionOutcome {
  readonly source: string
  /** Records that were made. */
  readonly added: number
  /** Known of the source before. */
  readonly already: number
}

export interface AdoptOptions {
  readonly now?: () => Date
}

/**
 * Source after source; when one cannot be taken over, those before it are. Rejects with a `ForeignFileError` where a source of
 * that name is another mailbox, or is being collected from. Records count as stored when the file says so, or else now:
 * nothing is deleted for being old that may not be.
 */
export async function adopt(
  { sources }: Pick<Adopted, 'sources'>,
  ledger: CollectionLedger,
  { now = () => new Date() }: AdoptOptions = {},
): Promise<readonly AdoptionOutcome[]> {
  const outcomes: AdoptionOutcome[] = []
  for (const source of sources) {
    const lease = await ledger.leaseSource(source.name)
    if (!lease)
      throw new ForeignFileError(`${source.name} is being collected from; nothing of it was taken over`)
    try {
      outcomes.push(await adoptSource(source, ledger, now()))
    } finally {
      await lease.release()
    }
  }
  return outcomes
}

async function adoptSource(
  source: AdoptedSource,
  ledger: CollectionLedger,
  now: Date,
): Promise<AdoptionOutcome> {
  const identity = identityOf(source)
  const before = await ledger.findSource(source.name)
  if (before && before.identity !== identity)
    throw new ForeignFileError(
      `${source.name} is ${before.identity} in the ledger, and ${identity} in ${source.file}`,
    )
  const records = await ledger.loadRecords(source.name)
  const fresh = source.known.filter(({ key }) => !records.has(key))
  if (!before) await ledger.saveSource(newSource(source.name, identity))
  await ledger.saveRecords(
    fresh.map(
      ({ key, storedAt }): CollectedRecord => ({
        ...newRecord(source.name, key),
        state: 'stored',
        storedAt: storedAt ?? now,
        reason: `fetched by ${source.program}`,
      }),
    ),
  )
  return { source: source.name, added: fresh.length, already: source.known.length - fresh.length }
}

type MailboxPlace = Pick<AdoptedSource, 'protocol' | 'host' | 'port' | 'user' | 'tls'>

/** As the source itself has it. */
export function identityOf(place: MailboxPlace): string {
  const name = place.host.toLowerCase()
  const authority = name.includes(':') ? `[${name}]` : name
  return `${place.protocol} ${place.user ?? ''}@${authority}:${portOf(place)}`
}

const usualPorts = { pop3: [110, 995], imap: [143, 993] } as const

export function portOf({ protocol, port, tls }: MailboxPlace): number {
  const [plain, implicit] = usualPorts[protocol]
  return port ?? (tls === 'implicit' ? implicit : plain)
}
