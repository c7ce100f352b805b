// What a getmail rc file means in our terms: one source, with its destinations and the file of what it has fetched.
import { basename, dirname, join } from 'node:path'
import type { ForeignConfig } from './fetchmail.ts'
import {
  cautiousTls,
  expandHome,
  ForeignFileError,
  type ForeignKeep,
  ForeignPassword,
  type ForeignPlace,
  type ForeignSecret,
  type ForeignSource,
} from './foreign.ts'
import { getmailDestinations } from './getmail-destination.ts'
import { oldmailName, oldmailOwners } from './getmail-oldmail.ts'
import { type IniSection, parseIni } from './ini.ts'
import { parseTuple } from './python-tuple.ts'

const program = 'getmail'

interface Retriever {
  readonly protocol: 'pop3' | 'imap'
  readonly isTls: boolean
  readonly port: number
  /** Of what was fetched. */
  readonly hasList: boolean
  readonly remark: string | undefined
}

/** Undefined for a type that getmail does not have. */
function retrieverOf(type: string): Retriever | undefined {
  const [, kind, protocol, ssl] =
    /^(Simple|BrokenUIDL|Multidrop)(POP3|SDPS|IMAP)(SSL)?Retriever$/.exec(type) ?? []
  if (kind === undefined) return undefined
  const isTls = ssl !== undefined
  const hasList = kind !== 'BrokenUIDL'
  const remark =
    kind === 'BrokenUIDL'
      ? 'getmail uses no UIDLs of it, so that nothing is known of it'
      : kind === 'Multidrop'
        ? 'it sorts mail by a header field to several recipients; here a source has one set of destinations'
        : undefined
  return protocol === 'IMAP'
    ? { protocol: 'imap', isTls, port: isTls ? 993 : 143, hasList, remark }
    : { protocol: 'pop3', isTls, port: isTls ? 995 : 110, hasList, remark }
}

/** Throws `ForeignFileError`. */
export function parseGetmailrc(text: string, place: ForeignPlace): ForeignConfig {
  const { file } = place
  const sections = parseIni(text, file)
  const retriever = sections.get('retriever')
  const type = retriever && retrieverOf(retriever.get('type')?.text ?? '')
  const host = retriever?.get('server')?.text
  if (!retriever || !type || host === undefined || host === '')
    throw new ForeignFileError(`${file}: its [retriever] has no type that getmail knows, or no server`)
  const options = sections.get('options') ?? new Map()
  const user = retriever.get('username')?.text
  const port = integer(retriever, 'port') ?? type.port
  const folders = type.protocol === 'imap' ? foldersOf(retriever) : []
  const { to, remarks } = getmailDestinations(sections, place)
  const tls = type.isTls ? { tls: 'implicit' as const, remarks: [] } : cautiousTls(host, program)
  const authorityFile = retriever.get('ca_certs')?.text
  const source: ForeignSource = {
    program,
    file,
    label: basename(file).replace(/^getmailrc$/, host),
    protocol: type.protocol,
    host,
    port,
    user,
    tls: tls.tls,
    secret: secretOf(retriever, options, place),
    keep: keepOf(options),
    to,
    folders,
    authorityFile: authorityFile === undefined ? undefined : expandHome(authorityFile, place),
    maxOctets: integer(options, 'max_message_size'),
    batch: integer(options, 'max_messages_per_session'),
    stateFiles: type.hasList
      ? oldmailOwners({ protocol: type.protocol, host, port, user, folders }).map(owner =>
          join(dirname(file), oldmailName(owner)),
        )
      : [],
    remarks: [...(type.remark ? [type.remark] : []), ...tls.remarks, ...remarksOf(sections), ...remarks],
  }
  return { sources: [source], remarks: [] }
}

function foldersOf(retriever: IniSection): readonly string[] {
  return parseTuple(retriever.get('mailboxes')?.text ?? "('INBOX',)") ?? []
}

function keepOf(options: IniSection): ForeignKeep {
  if (isTrue(options, 'delete')) return 'none'
  const days = integer(options, 'delete_after')
  return days === undefined ? 'all' : { days }
}

function secretOf(retriever: IniSection, options: IniSection, place: ForeignPlace): ForeignSecret {
  const password = retriever.get('password')
  const command = parseTuple(retriever.get('password_command')?.text ?? '()')
  if (isTrue(retriever, 'use_xoauth2')) return { kind: 'oauth' }
  if (isTrue(options, 'use_netrc')) {
    const file = options.get('netrc_file')?.text
    return { kind: 'netrc', file: file === undefined ? undefined : expandHome(file, place) }
  }
  if (password)
    return { kind: 'in-file', password: new ForeignPassword(password.text, place.file, password.line) }
  return command && command.length > 0 ? { kind: 'command', command } : { kind: 'elsewhere' }
}

/** Settings without a counterpart: section, name, sentence. */
const settingRemarks: readonly (readonly ['retriever' | 'options', string, string])[] = [
  ['retriever', 'keyfile', 'its client certificate is not taken over'],
  [
    'retriever',
    'ssl_fingerprints',
    'its fingerprints are of the certificate; `pin` takes the key that the server shows',
  ],
  ['retriever', 'ssl_cert_hostname', 'the other name in the certificate is not taken over'],
  [
    'retriever',
    'move_on_delete',
    'it moves what it has fetched to another folder; here that stays or is deleted',
  ],
  ['retriever', 'imap_search', 'its search (`imap_search`) is not taken over'],
  ['retriever', 'imap_on_delete', 'its flags for what it has fetched (`imap_on_delete`) are not taken over'],
  ['options', 'delete_bigger_than', 'it deletes what is too large (`delete_bigger_than`); here that stays'],
  ['options', 'max_bytes_per_session', 'its limit of octets for each session is not taken over: see `batch`'],
]

function remarksOf(sections: ReadonlyMap<string, IniSection>): string[] {
  const options = sections.get('options') ?? new Map()
  const readsAll = options.get('read_all') === undefined || isTrue(options, 'read_all')
  const mailboxes = sections.get('retriever')?.get('mailboxes')?.text
  return [
    ...settingRemarks.flatMap(([section, name, sentence]) => {
      const value = sections.get(section)?.get(name)?.text ?? ''
      return value === '' || value === '0' ? [] : [sentence]
    }),
    ...(readsAll
      ? ['it fetches everything each time (`read_all`); here what is known is not fetched again']
      : []),
    ...(mailboxes === 'ALL' ? ['it fetches all folders; here they are named'] : []),
    ...([...sections.keys()].some(title => title.startsWith('filter'))
      ? ['its filters are not taken over']
      : []),
  ]
}

function isTrue(section: IniSection, name: string): boolean {
  return ['1', 'on', 'true', 'yes'].includes(section.get(name)?.text.toLowerCase() ?? '')
}

/** 0 means none. */
function integer(section: IniSection, name: string): number | undefined {
  const text = section.get(name)?.text ?? ''
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined
}
