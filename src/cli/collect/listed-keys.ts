// What the server of an adopted source lists now, by the keys that the ledger would have. Nothing is fetched or deleted.
import { readFileSync } from 'node:fs'
import { connect, password } from '../../pop3/client/index.ts'
import type { AdoptedSource } from '../../pop3/collector/adoption/index.ts'
import { CommandFailure } from '../failure.ts'
import { readSecret } from '../terminal.ts'

const maxSecretOctets = 64 * 1024

/** Rejects with a `CommandFailure` for what cannot be compared. */
export async function listedKeys(source: AdoptedSource): Promise<readonly (string | undefined)[]> {
  const { name, protocol, host, port, tls, user, authorityFile, proxy } = source
  if (protocol !== 'pop3') throw new CommandFailure(`${name} is an IMAP source; only POP3 is compared`)
  if (user === undefined) throw new CommandFailure(`${name} has no user to log in`)
  const isClear = tls === 'none'
  await using session = await connect({
    host,
    tls,
    auth: password(user, await passwordOf(source)),
    allowCleartextAuth: isClear,
    ...(port !== undefined && { port }),
    ...(authorityFile !== undefined && { certificate: { authority: readFileSync(authorityFile, 'utf8') } }),
    ...(proxy !== undefined && { proxy }),
  })
  return (await session.listing()).map(({ key }) => key)
}

/** That of the foreign file, else asked for. */
async function passwordOf({ name, secret }: AdoptedSource): Promise<string> {
  if (secret.kind === 'in-file') return secret.password.reveal()
  const question = `Password for ${name}: `
  return Buffer.from(await readSecret({}, { question, maxOctets: maxSecretOctets })).toString()
}
