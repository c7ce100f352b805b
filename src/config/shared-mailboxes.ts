// Sources of the collector that are one mailbox under several names: allowed, and hardly ever meant. At POP3 their sessions lock
// each other out (RFC 1939 section 8), and what one deletes the other never sees.
import type { CollectConfig } from './collection.ts'

export interface SharedMailbox {
  /** In words. */
  readonly mailbox: string
  /** Of the sources. */
  readonly names: readonly string[]
  /** What to know of it, in a sentence. */
  readonly warning: string
}

export function sharedMailboxes(collect: readonly CollectConfig[]): readonly SharedMailbox[] {
  const names = new Map<string, string[]>()
  for (const source of collect)
    for (const mailbox of mailboxesOf(source))
      names.set(mailbox, [...(names.get(mailbox) ?? []), source.name])
  return [...names]
    .filter(([, { length }]) => length > 1)
    .map(([mailbox, shared]) => ({
      mailbox,
      names: shared,
      warning: `the sources ${shared.join(' and ')} in [[collect]] have one mailbox, ${mailbox}: they run one after the other, and what one deletes the others never see; one source with all destinations in \`to\` fetches it once`,
    }))
}

/** In words; the same for the same mailbox. */
function mailboxesOf({ protocol, host, port, user, folders }: CollectConfig): readonly string[] {
  const account = `${user} at ${host} port ${port}`
  if (protocol === 'pop3') return [`${account} (POP3)`]
  const inbox = /^inbox$/i
  const paths = new Set(folders.map(folder => (inbox.test(folder) ? 'INBOX' : folder)))
  return [...paths].map(path => `${path} of ${account} (IMAP)`)
}
