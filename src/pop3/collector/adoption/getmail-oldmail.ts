// getmail's `oldmail-SERVER-PORT-USER` files, as of getmail 6: a line `msgid NUL seconds` for each message that was fetched;
// of IMAP a file for each folder, with `UIDVALIDITY/UID`. Which mailbox a file is of stands in its name alone.
import type { ForeignKnown, ForeignSource } from './foreign.ts'
import { KnownMessages } from './known-messages.ts'
import { linesOf } from './lines.ts'

const program = 'getmail'

/** Whose file it is, by the configuration that names it. */
export interface OldmailOwner {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Of IMAP. */
  readonly folder?: string | undefined
}

/** The name that getmail gives the file. */
export function oldmailName({ host, port, user, folder }: OldmailOwner): string {
  const strip = (text: string, by: string) => text.replace(/[/\\:;<>|]+/g, by)
  const base = strip(`oldmail-${host}-${port}-${user}`, '-')
  return folder === undefined ? base : `${base}-${strip(folder, '.')}`
}

/** The mailboxes of a source, each with a file of its own. */
export function oldmailOwners({
  protocol,
  host,
  port,
  user,
  folders,
}: Pick<ForeignSource, 'protocol' | 'host' | 'port' | 'user' | 'folders'>): readonly OldmailOwner[] {
  if (user === undefined || port === undefined) return []
  if (protocol === 'pop3') return [{ host, port, user }]
  return (folders.length > 0 ? folders : ['INBOX']).map(folder => ({ host, port, user, folder }))
}

/**
 * The mailbox that a file's name tells of, where no configuration does: at the first port that it may have. Undefined
 * where it cannot be told.
 */
export function ownerOfOldmail(name: string): OldmailOwner | undefined {
  const ports = [...name.matchAll(/-(?=(\d{1,5})-)/g)].filter(({ index }) => index > 'oldmail'.length)
  const wellKnown = ports.find(([, port]) => ['110', '995', '143', '993'].includes(port ?? ''))
  const chosen = wellKnown ?? ports[0]
  const port = chosen?.[1]
  if (!chosen || port === undefined) return undefined
  const host = name.slice('oldmail-'.length, chosen.index)
  const user = name.slice(chosen.index + port.length + 2)
  return host === '' || user === '' ? undefined : { host, port: Number(port), user }
}

/** `text` in latin1. */
export function parseOldmail(text: string, file: string, owner: OldmailOwner): ForeignKnown {
  const prefix = owner.folder === undefined ? '' : `${owner.folder}/`
  const messages = new KnownMessages(file, prefix)
  let nameless = 0
  for (const raw of linesOf(text)) {
    const line = raw.trim()
    if (line === '') continue
    const nul = line.indexOf('\0')
    const [id, seconds] = nul < 0 ? ['', ''] : [line.slice(0, nul), line.slice(nul + 1)]
    const own = ownId(id, owner)
    if (own === undefined) nameless += 1
    else messages.add(own, /^\d{1,12}$/.test(seconds) ? Number(seconds) : undefined)
  }
  const list = messages.list()
  const isFolded = owner.folder === undefined && list.some(({ key }) => key.includes('-'))
  return {
    program,
    file,
    host: owner.host,
    user: owner.user,
    port: owner.port,
    messages: list,
    hasFoldedSlashes: isFolded,
    remarks: [...namelessRemarks(nameless, file), ...messages.remarks(), ...(isFolded ? [foldedRemark] : [])],
  }
}

const foldedRemark =
  'getmail writes a `/` in a UIDL as `-`: if its server has such, only `--compare` tells which, else they are fetched again'

/** getmail writes a POP3 UIDL's `/` as `-`, so that one stands in IMAP's only, and two in those of getmail before 4.22. */
function ownId(id: string, { folder }: OldmailOwner): string | undefined {
  const imap = /^(\d{1,10})\/(?:.*\/)?(\d{1,10})$/.exec(id)
  if (imap) return folder === undefined ? undefined : `${imap[1]}/${imap[2]}`
  return id === '' || folder !== undefined ? undefined : id
}

function namelessRemarks(count: number, file: string): string[] {
  if (count === 0) return []
  return [
    `${file}: ${count} lines tell of no message of this mailbox; of IMAP folders the getmail rc file tells more`,
  ]
}
