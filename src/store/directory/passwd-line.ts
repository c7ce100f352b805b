// One line of a passwd-style file, as Dovecot and others keep them:
// `user:{SCHEME}hash:uid:gid:gecos:home:shell:extra fields`. Only the first two are needed; of the extra fields those
// are read that say who is let in and how much they may keep.
import { parseAccountName } from '../../mail/account-name.ts'
import { isRefusal } from '../../mail/errors.ts'
import type { SourceEntry } from './source.ts'

export interface PasswdEntry extends SourceEntry {
  readonly name: string
  /** An extra field that limits the account in a way that is not kept here. */
  readonly isLimitedElsehow: boolean
}

/** Octets to a unit; `storage=` without one counts kilobytes. */
const unitOctets: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

/** Undefined for a comment or a blank line; a sentence for what is no line of such a file. It quotes no password. */
export function parsePasswdLine(line: string): PasswdEntry | string | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined
  const fields = line.split(':')
  const [user = '', password] = fields
  if (password === undefined) return 'there is no password field'
  try {
    const extra = extraFields(fields.slice(7).join(':'))
    return {
      name: parseAccountName(user),
      passwordHash: password === '' ? undefined : password,
      isDisabled: (extra.get('nologin') ?? 'no') !== 'no',
      quotaOctets: quotaOf(extra),
      isLimitedElsehow: extra.has('allow_nets'),
    }
  } catch (error) {
    if (isRefusal(error, 'bad-name')) return 'the first field is no name of an account'
    throw error
  }
}

/** `name=value` and bare `name`, which means yes, with spaces between. */
function extraFields(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(/[ \t]+/)
      .filter(field => field !== '')
      .map((field): [string, string] => {
        const at = field.indexOf('=')
        return at === -1 ? [field, 'yes'] : [field.slice(0, at), field.slice(at + 1)]
      }),
  )
}

/** Of `*:storage=1G` and `*:bytes=1073741824`, or of Dovecot 2.4's plain size; other rules say nothing here. */
function quotaOf(extra: ReadonlyMap<string, string>): number | undefined {
  const rule = extra.get('userdb_quota_rule') ?? extra.get('quota_rule') ?? ''
  const size = extra.get('userdb_quota_storage_size') ?? extra.get('quota_storage_size') ?? ''
  const [, kind, count, unit] =
    /^\*:(storage|bytes)=(\d{1,15})([bkmgt]?)$/i.exec(rule) ?? /^()(\d{1,15})([bkmgt]?)$/i.exec(size) ?? []
  if (count === undefined) return undefined
  const octets = Number(count) * (unitOctets[unit?.toLowerCase() || (kind === 'storage' ? 'k' : 'b')] ?? 1)
  return Number.isSafeInteger(octets) ? octets : undefined
}
