// The migrations in their order: the schema's version is how many of them a database has seen.
import { first } from './0001-first.ts'
import { credentials } from './0002-credentials.ts'
import { maildropSettings } from './0003-maildrop-settings.ts'
import { retention } from './0004-retention.ts'
import { asciiOctets } from './0005-ascii-octets.ts'
import { settingsIndex } from './0006-settings-index.ts'
import { collections } from './0007-collections.ts'
import type { Migration } from './migration.ts'

export const migrations: readonly Migration[] = [
  first,
  credentials,
  maildropSettings,
  retention,
  asciiOctets,
  settingsIndex,
  collections,
]
