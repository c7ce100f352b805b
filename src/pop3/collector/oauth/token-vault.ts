// Tokens between runs: one file for each source, encrypted (AES-256-GCM), for its owner's eyes only, replaced as a whole. A file
// is bound to its source, provider and client: copied to another name it does not open.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecretBox, type SecretBox } from '../../../auth/sealed-secret.ts'
import { ensureSecretKey, parseSecretKey } from '../../../auth/secret-key.ts'
import type { OAuthOptions } from '../../../mail/secret-origin.ts'
import { SecretError } from '../secrets/secret-error.ts'
import type { OAuthTokens } from './login.ts'

export interface TokenVaultOptions {
  /** Made when it is not there. */
  readonly folder: string
  /** As in [auth]; made when it is not there. Not used where the environment has POPLAR_KEY. */
  readonly keyFile: string
  readonly environment?: Readonly<Record<string, string | undefined>>
}

type Client = Pick<OAuthOptions, 'provider' | 'clientId'>

export class TokenVault {
  readonly #options: TokenVaultOptions
  #box: SecretBox | undefined

  /** Reads nothing yet. */
  constructor(options: TokenVaultOptions) {
    this.#options = options
  }

  /** Undefined: nobody has logged in. Throws `SecretError` for what cannot be opened. */
  async load(source: string, client: Client): Promise<OAuthTokens | undefined> {
    const sealed = await this.#read(source)
    if (sealed === undefined) return undefined
    const box = this.#secretBox()
    const opened = box.open(sealed, ownerOf(source, client))
    if (opened) return tokensIn(Buffer.from(opened).toString())
    const why = box.isOwn(sealed)
      ? 'they are for another provider or client, or were changed'
      : 'they were kept with another key'
    throw new SecretError(
      'credentials',
      `the tokens of ${source} cannot be opened: ${why}; \${loginCommand(source)} gets new ones`,
    )
  }

  /** Durable when it resolves. Throws `SecretError`. */
  async save(source: string, client: Client, tokens: OAuthTokens): Promise<void> {
    const sealed = this.#secretBox().seal(Buffer.from(JSON.stringify(tokens)), ownerOf(source, client))
    const file = this.#fileOf(source)
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    try {
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 })
      await writeDurably(draft, `${sealed}\n`)
      await rename(draft, file)
      await syncFolder(this.#options.folder)
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined)
      throw new SecretError(
        'configuration',
        `the tokens of ${source} cannot be kept in ${file}: ${codeOf(cause)}`,
        { cause },
      )
    }
  }

  /** Whether there were any. */
  async forget(source: string): Promise<boolean> {
    return rm(this.#fileOf(source)).then(
      () => true,
      () => false,
    )
  }

  async #read(source: string): Promise<string | undefined> {
    const file = this.#fileOf(source)
    try {
      return (await readFile(file, 'latin1')).trim()
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined
      throw new SecretError('configuration', `the tokens in ${file} cannot be read: ${codeOf(cause)}`, {
        cause,
      })
    }
  }

  /** Names of sources are names of files; whatever else tokens are kept for has its digest for one. */
  #fileOf(source: string): string {
    const isPlain = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/.test(source)
    const name = isPlain ? source : `_${createHash('sha256').update(source).digest('hex')}`
    return join(this.#options.folder, `${name}.token`)
  }

  #secretBox(): SecretBox {
    const { keyFile, environment = process.env } = this.#options
    const given = environment['POPLAR_KEY']
    if (given === undefined) return (this.#box ??= createSecretBox(keyOf(keyFile)))
    const key = parseSecretKey(given.trim())
    if (!key)
      throw new SecretError(
        'configuration',
        'the variable POPLAR_KEY holds no 32 octets in hexadecimal or base64',
      )
    return createSecretBox(key)
  }
}

/** What is kept for a destination begins with the name of its source. */
export function loginCommand(source: string): string {
  return `\`poplar collect login ${source.split(' ')[0] ?? ''}\``
}

function keyOf(file: string): Uint8Array {
  try {
    return ensureSecretKey(file)
  } catch (cause) {
    throw new SecretError('configuration', (cause as Error).message, { cause })
  }
}

function ownerOf(source: string, { provider, clientId }: Client): string {
  return `collect\0${source}\0${provider}\0${clientId}`
}

function tokensIn(text: string): OAuthTokens {
  const { accessToken, refreshToken, expiresAt } = JSON.parse(text) as Record<string, string | undefined>
  return {
    accessToken: accessToken ?? '',
    refreshToken,
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message
}
