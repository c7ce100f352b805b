// The copies that a mailbox of this office has: of all folders, and of what was deleted and is still kept. No delivery key lies there,
// the ledger being in the same store; the content is what was collected, behind a Received field of ours.
import type { Account } from '../../../mail/account.ts'
import type { KeptMail } from '../../../mail/kept-mail.ts'
import type { CopiesOptions } from '../destination.ts'
import { readCopy } from '../kept-copy.ts'

/** As message/trace.ts writes it for mail that came by no protocol. RFC 5321 section 4.4 */
const ownReceived = /^Received: by [^\r\n]* \(Poplar\) id [0-9A-Z]{26}(?:\r\n[ \t][^\r\n]*)*\r\n/

export async function readMailboxCopies(
  accounts: readonly Account[],
  kept: KeptMail,
  { signal, onCopy }: CopiesOptions,
): Promise<void> {
  for await (const { body } of kept.keptMail(accounts)) {
    signal.throwIfAborted()
    const copy = await readCopy(body, header => ({
      deliveryKey: undefined,
      headers: [header.replace(ownReceived, '')],
    }))
    if (copy) onCopy(copy)
  }
}
