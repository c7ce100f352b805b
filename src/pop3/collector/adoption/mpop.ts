// What mpop's configuration means in our terms: accounts, each with the defaults and the accounts that it inherits from.

import { commandWords } from '../../../mail/command-words.ts'
import type { ForeignConfig } from './fetchmail.ts'
import {
  cautiousTls,
  expandHome,
  ForeignFileError,
  ForeignPassword,
  type ForeignPlace,
  type ForeignSecret,
  type ForeignSource,
} from './foreign.ts'
import { commandDestination, shellDestination } from './foreign-command.ts'
import { linesOf } from './lines.ts'

const program = 'mpop'

interface Setting {
  readonly text: string
  readonly line: number
}

type Settings = ReadonlyMap<string, Setting>

interface Account {
  readonly name: string
  readonly settings: Map<string, Setting>
}

/** Throws `ForeignFileError`. */
export function parseMpoprc(text: string, place: ForeignPlace): ForeignConfig {
  const { accounts, remarks } = readAccounts(text, place.file)
  const sources: ForeignSource[] = []
  const isAlias = new Set<string>()
  for (const { name, settings } of accounts) {
    const facts = JSON.stringify([...settings].map(([key, { line }]) => [key, line]).sort())
    // `account default : x` is x once more.
    if (isAlias.has(facts)) continue
    isAlias.add(facts)
    const source = sourceOf(name, settings, place)
    if (typeof source === 'string') remarks.push(source)
    else sources.push(source)
  }
  return { sources, remarks }
}

function readAccounts(text: string, file: string): { accounts: readonly Account[]; remarks: string[] } {
  const defaults = new Map<string, Setting>()
  const accounts: Account[] = []
  const remarks: string[] = []
  let current: Map<string, Setting> | undefined
  let number = 0
  for (const line of linesOf(text)) {
    number += 1
    const [, command, rest = ''] = /^\s*([^\s#]\S*)(?:\s+(.*))?$/.exec(line.trimEnd()) ?? []
    if (command === undefined) continue
    const argument = /^"(.*)"$/.exec(rest)?.[1] ?? rest
    if (command === 'defaults') current = defaults
    else if (command === 'eval')
      remarks.push(`${file}, line ${number}: what a command would print (\`eval\`) is left out`)
    else if (command === 'account') {
      const account = openAccount(rest, { accounts, defaults, at: `${file}, line ${number}` })
      accounts.push(account)
      current = account.settings
    } else if (!current)
      throw new ForeignFileError(`${file}, line ${number}: a setting before the first account`)
    else current.set(command, { text: argument, line: number })
  }
  return { accounts, remarks }
}

/** `name` or `name : other,other`. */
function openAccount(
  text: string,
  { accounts, defaults, at }: { accounts: readonly Account[]; defaults: Settings; at: string },
): Account {
  const [name = '', heirs = ''] = text.split(':', 2).map(part => part.trim())
  if (name === '') throw new ForeignFileError(`${at}: an account without a name`)
  const parents = heirs
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)
  const settings = new Map(defaults)
  for (const parent of parents) {
    const found = accounts.find(account => account.name === parent)
    if (!found) throw new ForeignFileError(`${at}: it inherits from an account that is not there`)
    for (const [key, value] of found.settings) settings.set(key, value)
  }
  return { name, settings }
}

/** A sentence where there is no such source here. */
function sourceOf(name: string, settings: Settings, place: ForeignPlace): ForeignSource | string {
  const host = textOf(settings, 'host')
  if (host === undefined) return `${place.file}: the account ${name} has no host, and is left out`
  const user = textOf(settings, 'user')
  const tls = isOn(settings, 'tls', false)
    ? { tls: isOn(settings, 'tls_starttls', true) ? ('stls' as const) : ('implicit' as const), remarks: [] }
    : cautiousTls(host, program)
  const { to, remarks } = destinationOf(settings, place)
  const authorityFile = textOf(settings, 'tls_trust_file')
  const proxy = textOf(settings, 'proxy_host')
  return {
    program,
    file: place.file,
    label: name,
    protocol: 'pop3',
    host,
    port: portOf(settings),
    user,
    tls: tls.tls,
    secret: secretOf(settings, place),
    keep: isOn(settings, 'keep', false) ? 'all' : 'none',
    to,
    folders: [],
    authorityFile:
      authorityFile === undefined || authorityFile === 'system'
        ? undefined
        : expandHome(authorityFile, place),
    proxy: proxy === undefined ? undefined : `socks5h://${proxy}:${textOf(settings, 'proxy_port') ?? '1080'}`,
    maxOctets: sizeOf(textOf(settings, 'skipsize')),
    stateFiles: [stateFileOf(settings, host, user ?? '', place)],
    remarks: [...tls.remarks, ...remarksOf(settings), ...remarks],
  }
}

function portOf(settings: Settings): number | undefined {
  const port = textOf(settings, 'port') ?? ''
  return /^\d{1,5}$/.test(port) ? Number(port) : undefined
}

/** The user as it is, slashes too; the host last, as mpop does. */
function stateFileOf(settings: Settings, host: string, user: string, place: ForeignPlace): string {
  const pattern = expandHome(textOf(settings, 'uidls_file') ?? '~/.mpop_uidls/%U_at_%H', place)
  return pattern.replaceAll('%U', () => user).replaceAll('%H', () => host)
}

function secretOf(settings: Settings, place: ForeignPlace): ForeignSecret {
  const method = textOf(settings, 'auth')?.toLowerCase()
  if (method === 'xoauth2' || method === 'oauthbearer') return { kind: 'oauth' }
  const password = settings.get('password')
  if (password && password.text !== '')
    return { kind: 'in-file', password: new ForeignPassword(password.text, place.file, password.line) }
  const command = textOf(settings, 'passwordeval')
  return command === undefined ? { kind: 'keyring' } : { kind: 'command', command }
}

function destinationOf(
  settings: Settings,
  place: ForeignPlace,
): { to: readonly string[]; remarks: readonly string[] } {
  const [, method, argument = ''] = /^(\S+)\s+(.*)$/.exec(textOf(settings, 'delivery') ?? '') ?? []
  const path = expandHome(/^"(.*)"$/.exec(argument)?.[1] ?? argument, place)
  if (method === 'maildir') return { to: [`maildir:${path.replace(/(?<=.)\/+$/, '')}`], remarks: [] }
  if (method === 'mbox') return { to: [`mbox:${path}`], remarks: [] }
  if (method !== 'mda')
    return { to: [], remarks: method === undefined ? [] : [`\`delivery ${method}\` has no counterpart here`] }
  const destination = commandDestination(commandWords(path)) ?? shellDestination(path)
  return destination === undefined
    ? {
        to: [],
        remarks: ['its MDA takes the sender or more: put it into a script, and name that as `command:/path`'],
      }
    : { to: [destination], remarks: [] }
}

const settingRemarks: readonly (readonly [string, string])[] = [
  ['socket', 'it reaches the server through a socket of this machine, which is not taken over'],
  ['source_ip', 'the address it binds to (`source_ip`) is not taken over'],
  ['tls_fingerprint', 'its fingerprint is of the certificate; `pin` takes the key that the server shows'],
  ['tls_key_file', 'its client certificate is not taken over'],
  ['tls_crl_file', 'its list of revoked certificates is not taken over'],
  ['tls_host_override', 'the other name in the certificate is not taken over'],
  ['filter', 'its filter is not taken over: see `filters`'],
]

function remarksOf(settings: Settings): string[] {
  const killsize = textOf(settings, 'killsize')
  return [
    ...settingRemarks.flatMap(([name, sentence]) => (textOf(settings, name) === undefined ? [] : [sentence])),
    ...(isOn(settings, 'tls_certcheck', true)
      ? []
      : [
          'it does not look at the certificate (`tls_certcheck off`); here that is looked at: see `pin` and `ca`',
        ]),
    ...(isOn(settings, 'only_new', true)
      ? []
      : ['it fetches everything each time (`only_new off`); here what is known is not fetched again']),
    ...(killsize === undefined || killsize === 'off'
      ? []
      : ['it deletes what is too large (`killsize`); here that stays']),
  ]
}

/** Undefined where it is not there or empty. */
function textOf(settings: Settings, name: string): string | undefined {
  return settings.get(name)?.text || undefined
}

/** An empty argument is `on`. */
function isOn(settings: Settings, name: string, byDefault: boolean): boolean {
  const setting = settings.get(name)
  return setting ? setting.text === '' || setting.text === 'on' : byDefault
}

function sizeOf(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^([1-9]\d{0,11})([kKmM]?)$/.exec(text ?? '') ?? []
  const factor = { k: 2 ** 10, m: 2 ** 20 }[unit.toLowerCase()] ?? 1
  return digits === undefined ? undefined : Number(digits) * factor
}
