// Tells the owners of maildrops that run full, by mail, once for each limit that is crossed; again only after there was
// room in between. The warning itself is not asked for room: it is there to be read when there is none.
import type { Account } from '../account.ts'
import type { DeliveryTarget } from '../delivery-target.ts'
import { localEnvelope } from '../envelope.ts'
import { createId } from '../id.ts'
import { copyTrace, dateTime, receivedField } from '../message/trace.ts'
import type { QuotaUse, RetentionStore } from '../retention-store.ts'
import { layDown } from './pipeline.ts'

/** Per cent of the quota, in rising order. */
const quotaLimits = [80, 95] as const
/** A limit is armed again when the use has fallen so many per cent below it. */
const hysteresisPercent = 5

export interface QuotaWarnings {
  readonly store: DeliveryTarget & RetentionStore
  readonly hostname: string
  readonly now?: () => Date
}

/** Warns whoever is to be warned; gives how many were. */
export async function warnOfQuotas(
  { store, hostname, now = () => new Date() }: QuotaWarnings,
  signal: AbortSignal,
): Promise<number> {
  let warned = 0
  for (const use of await store.listQuotaUse(quotaLimits[0])) {
    if (signal.aborted) break
    const percent = nextWarned(use)
    if (percent === use.warnedPercent) continue
    // Noted first: a fault between the two costs a warning, not one every ten minutes.
    await store.noteQuotaWarning(use.account, percent)
    if (percent < use.warnedPercent) continue
    if (await deliverWarning(store, use.account, hostname, now())) warned += 1
  }
  return warned
}

/** What the owner will have been told: a higher limit with a warning, a lower one in silence. */
export function nextWarned({ account, warnedPercent }: QuotaUse): number {
  const { usedOctets, quotaOctets } = account
  const percent = quotaOctets === 0 ? 0 : (usedOctets * 100) / quotaOctets
  const reached = quotaLimits.filter(limit => percent >= limit).at(-1) ?? 0
  if (reached >= warnedPercent) return reached
  const stillHeld = quotaLimits.filter(limit => limit <= warnedPercent && percent > limit - hysteresisPercent)
  return Math.max(reached, stillHeld.at(-1) ?? 0)
}

async function deliverWarning(
  target: DeliveryTarget,
  account: Account,
  hostname: string,
  receivedAt: Date,
): Promise<boolean> {
  const envelope = { ...localEnvelope('', account.name), receivedAt }
  const { outcomes } = await layDown(target, [Buffer.from(warningText(account, hostname, receivedAt))], {
    copies: [
      {
        account,
        trace: copyTrace('', account.name),
        internalDate: receivedAt,
        isExemptFromQuota: true,
      },
    ],
    mode: 'all',
    sharedTrace: id => receivedField(envelope, hostname, id),
  })
  return outcomes.some(({ delivered }) => delivered)
}

/** RFC 5322 section 3.6; RFC 3834 section 5: no program is to answer it. */
function warningText({ name, usedOctets, quotaOctets }: Account, hostname: string, at: Date): string {
  const percent = Math.floor((usedOctets * 100) / quotaOctets)
  // A name beyond US-ASCII would need another form of the header: it is left out there.
  const to = /^[\x21-\x7e]+$/.test(name) ? (name.includes('@') ? name : `${name}@${hostname}`) : undefined
  return [
    `Date: ${dateTime(at)}`,
    `From: Postmaster <postmaster@${hostname}>`,
    to === undefined ? 'To: undisclosed-recipients:;' : `To: <${to}>`,
    `Subject: Your mailbox is ${percent}% full`,
    `Message-ID: <${createId(at.getTime())}@${hostname}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `Your mailbox holds ${mebibytes(usedOctets)} of ${mebibytes(quotaOctets)} MiB.`,
    '',
    'When it is full, new mail is sent back to its sender, after some days of waiting.',
    'To make room, delete messages you do not need, or let your mail program delete',
    'them from the server once it has fetched them.',
    '',
  ].join('\r\n')
}

function mebibytes(octets: number): string {
  return (octets / 2 ** 20).toFixed(1)
}
