// Passwords of sources and destinations, from where they are kept: a file, the environment, a command, netrc, a keyring, or the
// person at the terminal. They are read anew for each login, so that a change needs no restart, and are never written.
import type { SecretOrigin } from '../../../mail/secret-origin.ts'
import { readCommand } from './command.ts'
import { lookUpKeyring } from './keyring.ts'
import { findInNetrc } from './netrc.ts'
import { readPrivateFile } from './private-file.ts'
import { SecretError } from './secret-error.ts'

/** Whose password it is. */
export interface SecretOwner {
  readonly host: string
  readonly user: string
  /** As in keyrings: `pop3`, `imap`, `smtp`. */
  readonly service: string
}

export interface SecretParts {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Asks who sits at the terminal, unseen; undefined where nobody does. */
  readonly ask?: ((question: string, signal: AbortSignal) => Promise<string>) | undefined
}

const maxSecretLength = 16_384

/** Not empty, and one line. Throws `SecretError`. */
export async function readSecret(
  origin: SecretOrigin,
  owner: SecretOwner,
  { environment = process.env, ask, signal }: SecretParts & { readonly signal: AbortSignal },
): Promise<string> {
  const [place, text] = await find(origin, owner, { environment, ask, signal })
  if (text === '') throw new SecretError('configuration', `there is no password in ${place}: it is empty`)
  if (text.length > maxSecretLength || /[\r\n\0]/.test(text))
    throw new SecretError(
      'configuration',
      `what is in ${place} is no password: it has several lines, or is too long`,
    )
  return text
}

async function find(
  origin: SecretOrigin,
  owner: SecretOwner,
  { environment, ask, signal }: Required<SecretParts> & { readonly signal: AbortSignal },
): Promise<readonly [place: string, text: string]> {
  switch (origin.kind) {
    case 'file':
      return [origin.file, firstLine(await readPrivateFile(origin.file))]
    case 'environment':
      return [`the variable ${origin.variable}`, fromEnvironment(origin.variable, environment)]
    case 'command':
      return [
        `what ${programOf(origin.command)} prints`,
        firstLine(await readCommand(origin.command, { environment, signal })),
      ]
    case 'netrc': {
      const file = origin.file ?? `${environment?.['HOME'] ?? ''}/.netrc`
      return [file, findInNetrc(await readPrivateFile(file), owner, file)]
    }
    case 'keyring':
      return [
        'the keyring',
        await lookUpKeyring(origin.attributes ?? attributesOf(owner), { environment, signal }),
      ]
    case 'prompt':
      if (!ask)
        throw new SecretError(
          'configuration',
          'no password is named for it (`password_file`, `password_command` and others), and nobody is there to be asked',
        )
      return ['the answer', await ask(`Password of ${owner.user} at ${owner.host}: `, signal)]
  }
}

function fromEnvironment(variable: string, environment: SecretParts['environment']): string {
  const value = environment?.[variable]
  if (value === undefined) throw new SecretError('configuration', `the variable ${variable} is not set`)
  return value
}

function programOf([program = '']: readonly string[]): string {
  return program
}

function attributesOf({ host, service, user }: SecretOwner): readonly string[] {
  return ['host', host, 'service', service, 'user', user]
}

/** Editors put a line end behind it, and some programs more lines with other things. */
function firstLine(text: string): string {
  return /^[^\r\n]*/.exec(text)?.[0] ?? ''
}
