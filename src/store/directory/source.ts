// What an external source of accounts must do: say what it knows of one name, and nothing of mail. sourced-directory.ts
// makes an AccountDirectory of it.
import type { AccountName } from '../../mail/account.ts'

/** What a source says of one account. */
export interface SourceEntry {
  /** The account's own name, where the source knows several spellings of it; otherwise the name asked for. */
  readonly name?: AccountName
  /** As in `Account`. */
  readonly passwordHash: string | undefined
  readonly isDisabled: boolean
  /** 0 means without limit; undefined leaves it to the store. */
  readonly quotaOctets: number | undefined
}

export interface AccountSource<Entry extends SourceEntry = SourceEntry> {
  /** For logs and refusals: the kind and the place, and no secret. */
  readonly label: string
  /**
   * Rejects with `SourceDown` when the source does not answer; with anything else when its answer cannot be used. `name`
   * is folded, and a name that an account may have.
   */
  find(name: AccountName): Promise<Entry | undefined>
  /** Of a source that checks passwords itself. Rejects as `find` does. */
  checkPassword?(entry: Entry, password: Uint8Array): Promise<boolean>
  close(): Promise<void>
}

/** The source does not answer, whatever it would be asked. */
export class SourceDown extends Error {
  override readonly name = 'SourceDown'
}

/** The part of a logger that directories use; a logger of net/ fits. */
export interface DirectoryLog {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** What auth/ knows of stored passwords, handed in. */
export interface PasswordSchemes {
  /** Whether any password could fit the string. */
  isVerifiable(stored: string): boolean
  /** SCRAM keys that the string holds, in the form of RFC 5803. */
  scramKeysOf(stored: string): readonly string[]
}

export interface DirectoryOptions {
  readonly log: DirectoryLog
  readonly schemes: PasswordSchemes
}
