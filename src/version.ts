// Which Poplar this is. The package looks itself up by its name, for compiled files lie at different depths.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The version of the installed package. */
export function packageVersion(): string {
  return (require('poplar-mail/package.json') as { readonly version: string }).version
}
