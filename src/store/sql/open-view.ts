// From what is asked of an account to the mailboxes that show it, and their listing.
import type { Account } from '../../mail/account.ts'
import { Refusal } from '../../mail/errors.ts'
import { inboxName, junkName, sameFolder, standingFolder } from '../../mail/folder-name.ts'
import type { Id } from '../../mail/id.ts'
import type { MaildropOptions, SubjectMark } from '../../mail/maildrop-store.ts'
import { markOctets } from '../../mail/message/marked-subject.ts'
import { listView, type ViewListing } from '../view-listing.ts'
import type { Connection } from './database.ts'
import { emptyMailbox, type Listings } from './listings.ts'
import { mailboxOf } from './mailboxes.ts'

/** A mailbox of a view. */
export interface ViewMailbox {
  /** Undefined while the folder was not made yet. */
  readonly mailbox_id: Id | undefined
  readonly mark: SubjectMark | undefined
}

export interface OpenedView {
  readonly view: ViewListing
  /** In the order of the view. */
  readonly mailboxes: readonly ViewMailbox[]
}

/** Refuses with `no-such-account`, `no-such-folder`. */
export async function openView(
  reader: Connection,
  listings: Listings,
  account: Account,
  options: MaildropOptions,
): Promise<OpenedView> {
  const mailboxes = await mailboxesOf(reader, account, options)
  const parts = []
  for (const { mailbox_id, mark } of mailboxes) {
    const key = { account_id: account.id, addressee: options.addressee }
    const found = mailbox_id === undefined ? emptyMailbox : await listings.read({ ...key, mailbox_id })
    // INBOX goes with the account alone; another may have been removed just now.
    if (!found && mailbox_id === account.inboxId)
      throw new Refusal('no-such-account', `there is no account ${account.name}`)
    parts.push({ ...(found ?? emptyMailbox), addedOctets: mark ? markOctets(mark) : 0 })
  }
  return { view: listView(parts, options), mailboxes }
}

async function mailboxesOf(
  reader: Connection,
  { id, name, inboxId }: Account,
  { folder = inboxName, junk }: MaildropOptions,
): Promise<readonly ViewMailbox[]> {
  const isInbox = sameFolder(folder, inboxName)
  const mailbox_id = isInbox ? inboxId : await mailboxOf(reader, id, folder)
  if (mailbox_id === undefined && !standingFolder(folder))
    throw new Refusal('no-such-folder', `${name} has no folder ${folder}`)
  const shown = { mailbox_id, mark: undefined }
  if (!junk) return [shown]
  return [shown, { mailbox_id: await mailboxOf(reader, id, junkName), mark: junk }]
}
