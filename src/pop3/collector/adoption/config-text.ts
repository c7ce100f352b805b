// Adopted sources as tables of our configuration, in TOML, with what was not taken over as comments. No password stands in it.
import { stringify } from 'smol-toml'
import type { Adopted, AdoptedSource } from './adopted.ts'

export interface ConfigTextOptions {
  /** Where mail goes of sources that do not tell. */
  readonly to?: readonly string[] | undefined
  /** Files that passwords were written to, by source. */
  readonly passwordFiles?: ReadonlyMap<string, string>
}

/** One `[[collect]]` for each source. */
export function configText({ sources }: Pick<Adopted, 'sources'>, options: ConfigTextOptions = {}): string {
  return sources.map(source => tableText(source, options)).join('\n')
}

function tableText(source: AdoptedSource, { to = [], passwordFiles = new Map() }: ConfigTextOptions): string {
  const destinations = to.length > 0 ? to : source.to
  const secret = secretKeys(source, passwordFiles.get(source.name))
  const table = {
    ...serverKeys(source),
    ...secret.keys,
    ...policyKeys(source),
    ...(destinations.length > 0 && { to: destinations }),
  }
  const remarks = [
    `${source.name}: from ${source.program}, ${source.file}`,
    ...source.remarks,
    ...secret.remarks,
  ]
  const comments = remarks.map(remark => `# ${remark.replace(/\p{Cc}/gu, '?')}\n`).join('')
  const missing = destinations.length > 0 ? '' : '# to = "ann" # where its mail goes is not known\n'
  return `${comments}[[collect]]\n${stringify(table).trimEnd()}\n${missing}`
}

/** `tls = "none"` is of loopback only, where our default is to take TLS where it can be had. */
function serverKeys({ name, protocol, host, port, user, tls, authorityFile, proxy, folders }: AdoptedSource) {
  const scheme = tls === 'implicit' ? `${protocol}s` : protocol
  const authority = host.includes(':') ? `[${host}]` : host
  return {
    name,
    server: `${scheme}://${authority}${port === undefined ? '' : `:${port}`}`,
    ...(user !== undefined && { user }),
    ...(tls !== 'implicit' && { tls }),
    ...(authorityFile !== undefined && { ca: authorityFile }),
    ...(proxy !== undefined && { proxy }),
    ...(folders.length > 0 && { folders }),
  }
}

function secretKeys(
  { secret }: AdoptedSource,
  passwordFile: string | undefined,
): { keys: object; remarks: readonly string[] } {
  if (passwordFile !== undefined) return { keys: { password_file: passwordFile }, remarks: [] }
  switch (secret.kind) {
    case 'in-file': {
      const { file, line } = secret.password
      return {
        keys: {},
        remarks: [`its password stands in ${file}, line ${line}; name a file with it as \`password_file\``],
      }
    }
    case 'command':
      // What a shell was to read, a shell is asked to read.
      return {
        keys: {
          password_command:
            typeof secret.command === 'string' ? ['sh', '-c', secret.command] : secret.command,
        },
        remarks: [],
      }
    case 'netrc':
      return { keys: { netrc: secret.file ?? true }, remarks: [] }
    case 'keyring':
      return { keys: { keyring: true }, remarks: [] }
    case 'oauth':
      return {
        keys: {},
        remarks: ['it logs in by OAuth2: say with `oauth` how, then `poplar collect login`'],
      }
    case 'elsewhere':
      return {
        keys: {},
        remarks: ['its password is not in the file: name one as `password_file` or the like'],
      }
  }
}

const [minEveryMs, maxEveryMs] = [10_000, 30 * 86_400_000]

function policyKeys({ keep, everyMs, maxOctets, batch, commitEvery }: AdoptedSource) {
  const every = everyMs ? Math.min(Math.max(everyMs, minEveryMs), maxEveryMs) : everyMs
  return {
    keep: typeof keep === 'string' ? keep : `${keep.days}d`,
    ...(every !== undefined && { every: durationText(every) }),
    ...(maxOctets !== undefined && { max_size: maxOctets }),
    ...(batch !== undefined && { batch: Math.min(batch, 1_000_000) }),
    ...(commitEvery !== undefined && { commit_every: Math.min(commitEvery, 100_000) }),
  }
}

/** In the largest unit that is whole. */
function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000)
  if (seconds === 0) return '0'
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
