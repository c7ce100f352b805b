// What the server of an adopted source lists now, by the keys that the ledger would have. Nothing is fetched or deleted.

import type { LoginOrigin } from '../../mail/secret-origin.ts'
import { type AdoptedSource, portOf } from '../../pop3/collector/adoption/index.ts'
import { createSource, type SourceOptions } from '../../pop3/collector/sources/create-source.ts'
import { CommandFailure } from '../failure.ts'
import { readSecret } from '../terminal.ts'
import type { MatchedSource } from './configured.ts'

const maxSecretOctets = 16 * 1024

/** Rejects with a `CommandFailure` for what cannot be compared, with a `SourceError` where the server cannot be asked. */
export async function listedKeys(
  matched: MatchedSource,
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const { secret: own } = matched.source
  const source = createSource(optionsOf(matched), {
    ask: async question => {
      // What stands in the foreign file has not to be typed.
      if (!matched.configured && own.kind === 'in-file') return own.password.reveal()
      return Buffer.from(await readSecret({}, { question, maxOctets: maxSecretOctets })).toString()
    },
  })
  await using session = await source.open(signal)
  const { messages } = await session.listing(signal)
  return messages.map(({ key }) => key)
}

function optionsOf({ source, configured }: MatchedSource): SourceOptions {
  if (configured) {
    const { secret } = configured
    if (secret.kind === 'oauth') throw byOAuth()
    return { ...configured, secret }
  }
  const { name, protocol, host, user, tls, authorityFile, proxy, folders } = source
  if (user === undefined) throw new CommandFailure('it has no user to log in')
  return {
    name,
    protocol,
    host,
    port: portOf(source),
    user,
    tls,
    allowCleartext: tls === 'none',
    pins: [],
    caFile: authorityFile,
    identity: undefined,
    proxy,
    folders: folders.length > 0 ? folders : ['INBOX'],
    mechanisms: undefined,
    quirks: [],
    secret: secretOf(source),
  }
}

function secretOf({ secret }: AdoptedSource): LoginOrigin {
  switch (secret.kind) {
    case 'command': {
      const { command } = secret
      return { kind: 'command', command: typeof command === 'string' ? ['sh', '-c', command] : command }
    }
    case 'netrc':
      return secret
    case 'keyring':
      return { kind: 'keyring', attributes: undefined }
    case 'oauth':
      throw byOAuth()
    case 'in-file':
    case 'elsewhere':
      return { kind: 'prompt' }
  }
}

function byOAuth(): CommandFailure {
  return new CommandFailure('it logs in by OAuth2, and cannot be compared here')
}
