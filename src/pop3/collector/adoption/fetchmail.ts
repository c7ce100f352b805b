// What fetchmail's run control file means in our terms: a source for each user of each server, with the defaults filled in.
import { dirname, join } from 'node:path'
import { fetchmailDestinations } from './fetchmail-destination.ts'
import { optionRemarks } from './fetchmail-keywords.ts'
import {
  isOn,
  parseRunControl,
  type RcEntry,
  type RcOptions,
  type RcUser,
  textOf,
  wordsOf,
} from './fetchmail-rc.ts'
import {
  cautiousTls,
  expandHome,
  ForeignPassword,
  type ForeignPlace,
  type ForeignSecret,
  type ForeignSource,
  type ForeignTls,
} from './foreign.ts'

const program = 'fetchmail'

export interface ForeignConfig {
  readonly sources: readonly ForeignSource[]
  /** Of the file as a whole. */
  readonly remarks: readonly string[]
}

/** An entry with the defaults of its file. */
interface Mailbox {
  readonly entry: RcEntry
  readonly server: RcOptions
  readonly user: RcUser
  readonly options: RcOptions
  readonly globals: RcOptions
  readonly place: ForeignPlace
}

/** Throws `ForeignFileError`. */
export function parseFetchmailrc(text: string, place: ForeignPlace): ForeignConfig {
  const { globals, entries, remarks } = parseRunControl(text, place.file)
  const defaults = entries.find(({ verb }) => verb === 'defaults')
  const sources: ForeignSource[] = []
  const left: string[] = []
  for (const entry of entries) {
    if (entry.verb === 'defaults') continue
    const server = new Map([...(defaults?.server ?? []), ...entry.server])
    const own = entry.users.length > 0 ? entry.users : [{ remote: undefined, locals: [], options: new Map() }]
    for (const user of own) {
      const box = { entry, server, globals, place, ...withDefaults(user, defaults?.users[0]) }
      const source = sourceOf(box)
      if (typeof source === 'string') left.push(source)
      else sources.push(source)
    }
  }
  return { sources, remarks: [...remarks, ...left] }
}

function withDefaults(user: RcUser, defaults: RcUser | undefined): Pick<Mailbox, 'user' | 'options'> {
  return {
    user: {
      remote: user.remote ?? defaults?.remote,
      locals: user.locals.length > 0 ? user.locals : (defaults?.locals ?? []),
      options: user.options,
    },
    options: new Map([...(defaults?.options ?? []), ...user.options]),
  }
}

/** A sentence where there is no such source here. */
function sourceOf(box: Mailbox): ForeignSource | string {
  const { entry, server, user, options, place } = box
  const protocol = protocols[textOf(server, 'protocol')?.toLowerCase() ?? 'auto']
  if (!protocol)
    return `${place.file}, line ${entry.line}: ${entry.name} speaks neither POP3 nor IMAP to fetchmail, and is left out`
  const host = textOf(server, 'via') ?? entry.name
  const tls = tlsOf(options, host)
  const { to, remarks: destinationRemarks } = fetchmailDestinations(user.locals, options)
  const authorityFile = textOf(options, 'sslcertfile')
  return {
    program,
    file: place.file,
    label: entry.users.length > 1 && user.remote !== undefined ? `${entry.name}-${user.remote}` : entry.name,
    protocol: protocol.protocol,
    host,
    port: portOf(server),
    user: user.remote,
    tls: tls.tls,
    secret: secretOf(box),
    keep: isOn(options, 'keep') ? 'all' : 'none',
    to,
    folders: protocol.protocol === 'imap' ? wordsOf(options, 'folder') : [],
    authorityFile: authorityFile === undefined ? undefined : expandHome(authorityFile, place),
    everyMs: intervalOf(box),
    maxOctets: positive(options, 'limit'),
    batch: positive(options, 'fetchlimit'),
    commitEvery: positive(options, 'expunge'),
    stateFiles: protocol.protocol === 'imap' ? [] : stateFilesOf(box),
    remarks: [
      ...(protocol.remark ? [protocol.remark] : []),
      ...tls.remarks,
      ...remarksOf(box),
      ...destinationRemarks,
    ],
  }
}

const protocols: Readonly<
  Record<string, { readonly protocol: 'pop3' | 'imap'; readonly remark?: string } | undefined>
> = {
  pop3: { protocol: 'pop3' },
  apop: { protocol: 'pop3' },
  sdps: { protocol: 'pop3', remark: 'the envelopes of SDPS are not asked for' },
  auto: { protocol: 'pop3', remark: 'it names no protocol, and tries IMAP before POP3; here it is POP3' },
  imap: {
    protocol: 'imap',
    remark: 'of IMAP fetchmail keeps no list of what it has: see `since` and `newest`',
  },
}

const services: Readonly<Record<string, number>> = {
  pop3: 110,
  'pop-3': 110,
  pop3s: 995,
  imap: 143,
  imap2: 143,
  imaps: 993,
}

function portOf(server: RcOptions): number | undefined {
  const service = textOf(server, 'service') ?? ''
  return services[service] ?? (/^\d{1,5}$/.test(service) ? Number(service) : undefined)
}

function tlsOf(options: RcOptions, host: string): { tls: ForeignTls; remarks: readonly string[] } {
  const remarks =
    options.get('sslcertck')?.isOff === true
      ? ['it does not look at the certificate (`no sslcertck`); here that is looked at: see `pin` and `ca`']
      : []
  if (isOn(options, 'ssl')) return { tls: 'implicit', remarks }
  const wanted = textOf(options, 'sslproto')
  if (wanted === '') return cautiousTls(host, program)
  // `tls1` and what is newer is a demand; nothing, or `auto`, is a try.
  if (wanted !== undefined && /^tls/i.test(wanted)) return { tls: 'stls', remarks }
  const cautious = cautiousTls(host, program)
  return { tls: cautious.tls, remarks: [...remarks, ...cautious.remarks.map(() => triesTls)] }
}

const triesTls =
  'it takes TLS where the server has it, else none; here STLS is asked for (`tls = "none"` and `allow_cleartext` where the server has none)'

function secretOf({ options, server, place }: Mailbox): ForeignSecret {
  const method = textOf(server, 'authenticate')?.toLowerCase() ?? 'any'
  if (method === 'oauthbearer' || method === 'xoauth2') return { kind: 'oauth' }
  const token = options.get('password')?.words[0]
  return token
    ? { kind: 'in-file', password: new ForeignPassword(token.text, place.file, token.line) }
    : { kind: 'netrc', file: undefined }
}

/** Of the daemon, as often as the entry has its turn; what is skipped unless it is named is for hands only. */
function intervalOf({ entry, globals, server }: Mailbox): number | undefined {
  if (entry.verb === 'skip') return 0
  const seconds = positive(globals, 'daemon')
  return seconds === undefined ? undefined : seconds * 1000 * (positive(server, 'interval') ?? 1)
}

/** Without `idfile` in the home of who runs it, or of fetchmail (FETCHMAILHOME), where this file is then, too. */
function stateFilesOf({ globals, place }: Mailbox): string[] {
  const named = textOf(globals, 'idfile')
  if (named !== undefined) return [expandHome(named, place)]
  return [...new Set([join(dirname(place.file), '.fetchids'), join(place.home, '.fetchids')])]
}

const methods = new Set(['any', 'password', 'cram-md5', 'oauthbearer', 'xoauth2', 'external'])

function remarksOf({ entry, server, options, user, place }: Mailbox): string[] {
  const set = [...server, ...options].filter(([, { isOff }]) => !isOff)
  const method = textOf(server, 'authenticate')?.toLowerCase() ?? 'any'
  return [
    ...(user.remote === undefined ? [`${place.file}, line ${entry.line}: no user is named`] : []),
    ...(methods.has(method) ? [] : [`its way to log in (\`auth ${method}\`) is not taken over`]),
    ...set.flatMap(([name]) => optionRemarks.get(name) ?? []),
  ]
}

function positive(options: RcOptions, name: string): number | undefined {
  const text = textOf(options, name) ?? ''
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined
}
