// The keyring of the desktop (Secret Service), asked by `secret-tool` of libsecret: there is nothing to be compiled for it.
import { type CommandOptions, outputOf } from './command.ts'
import { SecretError } from './secret-error.ts'

/** `attributes` are names and values in turn. Throws `SecretError`. */
export async function lookUpKeyring(attributes: readonly string[], options: CommandOptions): Promise<string> {
  const { output, status } = await outputOf(['secret-tool', 'lookup', ...attributes], options)
  if (status === 0 && output !== '') return output.replace(/\r?\n$/, '')
  const pairs = attributes.map(text => `'${text.replaceAll("'", "'\\''")}'`).join(' ')
  throw new SecretError(
    'configuration',
    `the keyring has no such password, or is locked; \`secret-tool store --label=mail ${pairs}\` puts it there`,
  )
}
