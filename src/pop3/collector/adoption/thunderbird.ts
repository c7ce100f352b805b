// What Thunderbird's `prefs.js` tells of its POP3 and IMAP accounts, in our terms. Its passwords are in a store of its own.
import { dirname, join } from 'node:path'
import type { ForeignConfig } from './fetchmail.ts'
import { cautiousTls, type ForeignKeep, type ForeignPlace, type ForeignSource } from './foreign.ts'
import { linesOf } from './lines.ts'

const program = 'Thunderbird'

type Preferences = ReadonlyMap<string, string | number | boolean>

const line = /^user_pref\("mail\.server\.([\w-]{1,100})\.([\w.-]{1,100})",\s*(.*)\);\s*$/

export function parsePrefs(text: string, place: ForeignPlace): ForeignConfig {
  const servers = new Map<string, Map<string, string | number | boolean>>()
  for (const raw of linesOf(text)) {
    const [, server, name, written] = line.exec(raw) ?? []
    const value = written === undefined ? undefined : valueOf(written)
    if (server === undefined || name === undefined || value === undefined) continue
    const preferences = servers.get(server) ?? new Map<string, string | number | boolean>()
    servers.set(server, preferences.set(name, value))
  }
  const sources = [...servers.values()].flatMap(preferences => sourceOf(preferences, place) ?? [])
  return { sources, remarks: [] }
}

/** Strings as JavaScript writes them, whole numbers, true and false. */
function valueOf(written: string): string | number | boolean | undefined {
  try {
    const value: unknown = JSON.parse(
      written.replace(/\\x([0-9a-fA-F]{2})/g, '\\u00$1').replaceAll("\\'", "'"),
    )
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : undefined
  } catch {
    return undefined
  }
}

/** Undefined for local folders, news and feeds. */
function sourceOf(preferences: Preferences, place: ForeignPlace): ForeignSource | undefined {
  const type = textOf(preferences, 'type')
  const host = textOf(preferences, 'realhostname') ?? textOf(preferences, 'hostname')
  if ((type !== 'pop3' && type !== 'imap') || host === undefined) return undefined
  const user = textOf(preferences, 'realuserName') ?? textOf(preferences, 'userName')
  const socket = numberOf(preferences, 'socketType') ?? 0
  const tls =
    socket === 3
      ? { tls: 'implicit' as const, remarks: [] }
      : socket === 2
        ? { tls: 'stls' as const, remarks: [] }
        : cautiousTls(host, program)
  const minutes = numberOf(preferences, 'check_time') ?? 10
  const maxKilobytes =
    preferences.get('limit_offline_message_size') === true ? numberOf(preferences, 'max_size') : undefined
  return {
    program,
    file: place.file,
    label: textOf(preferences, 'name') ?? (user === undefined ? host : `${user}@${host}`),
    protocol: type,
    host,
    port: numberOf(preferences, 'port'),
    user,
    tls: tls.tls,
    secret: numberOf(preferences, 'authMethod') === 10 ? { kind: 'oauth' } : { kind: 'elsewhere' },
    keep: keepOf(preferences),
    to: [],
    folders: [],
    everyMs: preferences.get('check_new_mail') === true && minutes > 0 ? minutes * 60_000 : undefined,
    maxOctets: maxKilobytes === undefined ? undefined : maxKilobytes * 1024,
    stateFiles: type === 'pop3' ? stateFilesOf(preferences, place, host) : [],
    remarks: [...tls.remarks, ...remarksOf(preferences, type)],
  }
}

/** Where nothing is said of leaving mail, it stays: what a program's default was is no reason to delete. */
function keepOf(preferences: Preferences): ForeignKeep {
  const days = numberOf(preferences, 'num_days_to_leave_on_server') ?? 7
  if (preferences.get('leave_on_server') === false) return 'none'
  return preferences.get('delete_by_age_from_server') === true && days > 0 ? { days } : 'all'
}

function stateFilesOf(preferences: Preferences, { file }: ForeignPlace, host: string): string[] {
  const relative = /^\[ProfD\](.+)$/.exec(textOf(preferences, 'directory-rel') ?? '')?.[1] ?? `Mail/${host}`
  return [join(dirname(file), relative, 'popstate.dat')]
}

function remarksOf(preferences: Preferences, type: 'pop3' | 'imap'): string[] {
  return [
    'its mail is in folders of Thunderbird; name where it is to go here',
    ...(type === 'imap'
      ? ['of IMAP Thunderbird keeps no list of what it has: see `since` and `newest`']
      : []),
    ...(preferences.get('delete_mail_left_on_server') === true
      ? ['it deletes on the server what is deleted in it; here nobody does']
      : []),
    ...(preferences.get('leave_on_server') === undefined && type === 'pop3'
      ? ['it is not said whether mail stays on the server; here it stays']
      : []),
  ]
}

function textOf(preferences: Preferences, name: string): string | undefined {
  const value = preferences.get(name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(preferences: Preferences, name: string): number | undefined {
  const value = preferences.get(name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}
