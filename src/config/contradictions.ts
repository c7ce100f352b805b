// What each key may have alone, but not together with others.
import { isLoopbackAddress } from '../net/limits.ts'
import { formatListenAddress, type ListenAddress } from '../net/listener.ts'
import { contradictorySources } from './collect-contradictions.ts'
import type { KeyLines, KeyPath } from './key-lines.ts'
import type { Mistake } from './mistakes.ts'
import type { ParsedConfig } from './schema.ts'

/** The services a configuration can name in [listen]. */
export const serviceNames = ['pop3', 'pop3s', 'pop2', 'smtp', 'lmtp'] as const
export type ServiceName = (typeof serviceNames)[number]

/** A sentence, and the key it is about. */
type Contradiction = readonly [path: KeyPath, text: string]

export function contradictions(parsed: ParsedConfig, lines: KeyLines): readonly Mistake[] {
  return [
    ...sharedAddresses(parsed),
    ...incompleteTls(parsed),
    ...clearTextLogins(parsed),
    ...incompleteLegacy(parsed),
    ...openMetrics(parsed),
    ...incompleteSources(parsed),
    ...contradictoryRules(parsed),
    ...contradictorySources(parsed),
  ]
    .map(([path, text]) => ({ line: lines.lineOf(path), text }))
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0))
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || isLoopbackAddress(host.replace(/^::ffff:/i, ''))
}

/** Whether there is a certificate, or will be one. */
export function hasCertificate({ tls, acme }: Pick<ParsedConfig, 'tls' | 'acme'>): boolean {
  return tls.cert !== undefined || tls.certificate.length > 0 || acme.domains.length > 0
}

function* sharedAddresses({ listen, legacy, acme, metrics }: ParsedConfig): Generator<Contradiction> {
  const taken = new Map<string, string>()
  const places: readonly (readonly [KeyPath, readonly ListenAddress[] | undefined])[] = [
    ...serviceNames.map(name => [['listen', name], listen?.[name]] as const),
    [['legacy', 'pop3'], legacy.pop3],
    [['legacy', 'pop3s'], legacy.pop3s],
    [['acme', 'listen'], acme.listen],
    [['metrics', 'listen'], metrics.listen],
  ]
  for (const [path, addresses = []] of places) {
    const [table, key] = path
    for (const address of addresses) {
      const place = formatListenAddress(address)
      const other = taken.get(place)
      const owner = table === 'listen' ? `\`${key}\`` : `\`${key}\` in [${table}]`
      if (other && address.port !== 0)
        yield [path, `\`${key}\` in [${table}] wants ${place}, which ${other} has`]
      taken.set(place, owner)
    }
  }
}

const certificateWays = 'give `cert` and `key` in [tls], or `domains` in [acme]'

function* incompleteTls(parsed: ParsedConfig): Generator<Contradiction> {
  const { listen, tls, acme } = parsed
  if (tls.cert && !tls.key) yield [['tls', 'cert'], '`cert` in [tls] needs `key` beside it']
  if (tls.key && !tls.cert) yield [['tls', 'key'], '`key` in [tls] needs `cert` beside it']
  if (acme.domains.length > 0 && !acme.agree_terms)
    yield [
      ['acme', 'domains'],
      '`domains` in [acme] needs `agree_terms = true`: the ACME server asks for that',
    ]
  if ((acme.eab_kid === undefined) !== (acme.eab_key === undefined))
    yield [['acme', 'eab_kid'], '`eab_kid` and `eab_key` in [acme] go together']
  if (hasCertificate(parsed)) return
  if (listen?.pop3s.length)
    yield [['listen', 'pop3s'], `\`pop3s\` in [listen] needs a certificate: ${certificateWays}`]
  if (tls.required)
    yield [['tls', 'required'], `\`required\` in [tls] would keep everybody out: ${certificateWays}`]
  if (tls.client_ca)
    yield [['tls', 'client_ca'], `\`client_ca\` in [tls] needs a certificate: ${certificateWays}`]
}

function* clearTextLogins(parsed: ParsedConfig): Generator<Contradiction> {
  for (const address of parsed.listen?.pop2 ?? []) {
    const place = formatListenAddress(address)
    if (parsed.tls.required) yield [['listen', 'pop2'], pop2Rule]
    else if (!isLoopback(address) && parsed.tls.required === undefined)
      yield [['listen', 'pop2'], pop2ClearTextRule(place)]
  }
  if (hasCertificate(parsed) || parsed.tls.required === false) return
  for (const address of parsed.listen?.pop3 ?? []) {
    if (!isLoopback(address)) yield [['listen', 'pop3'], clearTextRule(formatListenAddress(address))]
  }
}

const pop2Rule =
  '`pop2` in [listen] would keep everybody out: POP2 has no TLS, and `required` in [tls] asks for it'

function pop2ClearTextRule(place: string): string {
  return (
    `\`pop2\` in [listen] may not be ${place}: POP2 has no TLS, passwords would travel in clear; ` +
    'listen on a loopback address such as "127.0.0.1:1109", or set `required = false` in [tls]'
  )
}

function clearTextRule(place: string): string {
  return (
    `\`pop3\` in [listen] may not be ${place}: passwords would travel in clear; ${certificateWays}, ` +
    'listen on a loopback address such as "127.0.0.1:1110", or set `required = false` in [tls]'
  )
}

function* incompleteLegacy(parsed: ParsedConfig): Generator<Contradiction> {
  const { pop3, pop3s, networks, tls } = parsed.legacy
  if (pop3.length + pop3s.length === 0) return
  if (networks.length === 0) yield [['legacy'], '[legacy] needs `networks`: it lets in known devices only']
  if (pop3s.length > 0 && tls === 'none')
    yield [['legacy', 'pop3s'], '`pop3s` in [legacy] needs `tls = "TLSv1"` beside it']
  if (tls !== 'none' && !hasCertificate(parsed))
    yield [['legacy', 'tls'], `\`tls\` in [legacy] needs a certificate: ${certificateWays}`]
}

/** Metrics tell how an office is used: to be read from elsewhere, it must be said from where. */
function* openMetrics({ metrics: { listen, networks } }: ParsedConfig): Generator<Contradiction> {
  if (networks.length > 0) return
  for (const address of listen) {
    if (isLoopback(address)) continue
    const place = formatListenAddress(address)
    yield [
      ['metrics', 'listen'],
      `\`listen\` in [metrics] may not be ${place} alone: name in \`networks\` who may read there, or listen on a loopback address such as "127.0.0.1:9110"`,
    ]
  }
}

function* incompleteSources({ auth, passwd_file, sql, ldap, oauth }: ParsedConfig): Generator<Contradiction> {
  const missing = (source: string, table: string, keys: readonly string[]): Contradiction => [
    ['auth', 'sources'],
    `"${source}" in \`sources\` needs ${keys.map(key => `\`${key}\``).join(' and ')} in [${table}]`,
  ]
  if (auth.sources.includes('passwd-file') && !passwd_file.file)
    yield missing('passwd-file', 'passwd_file', ['file'])
  if (auth.sources.includes('sql') && !(sql.url && sql.query)) yield missing('sql', 'sql', ['url', 'query'])
  if (auth.sources.includes('ldap') && !(ldap.url && ldap.base))
    yield missing('ldap', 'ldap', ['url', 'base'])
  if (oauth.issuer && !oauth.introspection && !oauth.audience)
    yield [
      ['oauth', 'issuer'],
      '`issuer` in [oauth] needs `audience`: a token meant for another service would open maildrops here',
    ]
}

/** What a rule of retention cannot mean. */
function* contradictoryRules({ retention }: ParsedConfig): Generator<Contradiction> {
  for (const [index, rule] of retention.entries()) {
    const fault = ruleFault(rule)
    if (fault) yield [['retention', index], `item ${index + 1} of \`retention\` ${fault}`]
  }
}

function ruleFault(rule: ParsedConfig['retention'][number]): string | undefined {
  const { older_than, after_fetch, larger_than } = rule
  const isLimit = rule.max_messages !== undefined || rule.max_octets !== undefined
  const hasAge = older_than !== undefined || after_fetch !== undefined
  if (isLimit && (hasAge || larger_than !== undefined))
    return 'mixes an age or a size with a limit: make it two rules'
  if (!isLimit && larger_than !== undefined && !hasAge)
    return 'would remove large messages the moment they come in: `larger_than` needs `older_than` or `after_fetch`'
  if (!isLimit && !hasAge) return 'does not say what is to go'
  if (older_than === 0)
    return 'would remove everything the moment it comes in: `older_than` must be more than "0"'
  if (after_fetch === 0 && (older_than !== undefined || larger_than !== undefined))
    return 'needs `after_fetch = "0"` alone: what goes at QUIT, clients must be able to foretell'
  return undefined
}
