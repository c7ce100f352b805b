// Who has a mailbox in the office, made at will. Passwords lie in clear in this process: a test has to know them, and
// checking one shall cost nothing.
import { randomBytes } from 'node:crypto'
import { parseAccountName } from '../mail/account-name.ts'
import type { AccountRegistry } from '../mail/account-registry.ts'
import { isRefusal } from '../mail/errors.ts'
import { foldDomain } from '../mail/fold.ts'

/** One mailbox: what receives at its address is fetched with its name and password. */
export interface TestMailbox {
  /** What POP3 knows it by; its address is accepted in place of it. */
  readonly name: string
  readonly address: string
  readonly password: string
  /** For OAUTHBEARER and XOAUTH2, in place of the password. */
  readonly token: string
}

export interface NewTestMailbox {
  /** `ann`, `ann@office.test`, or an address of another domain. In the case of small letters, whatever was given. */
  readonly name: string
  /** Default: that of the office, or one of its own. */
  readonly password?: string
  /** Default: one of its own. */
  readonly token?: string
}

const secretOctets = 12

export class Mailboxes {
  readonly #store: AccountRegistry
  readonly #domain: string
  readonly #password: string | undefined
  readonly #byName = new Map<string, TestMailbox>()

  /** `password` is that of mailboxes which are given none. */
  constructor(store: AccountRegistry, hostname: string, password?: string) {
    this.#store = store
    this.#password = password
    this.#domain = foldDomain(hostname)
  }

  /** In the order in which they were made. */
  get all(): readonly TestMailbox[] {
    return [...this.#byName.values()]
  }

  /** Rejects with a `Refusal`, `bad-name` or `account-exists`. */
  async add({ name: text, password, token = secret() }: NewTestMailbox): Promise<TestMailbox> {
    const name = this.nameOf(text)
    await this.#store.addAccount({ name })
    const address = name.includes('@') ? name : `${name}@${this.#domain}`
    const mailbox = { name, address, password: password ?? this.#password ?? secret(), token }
    this.#byName.set(name, mailbox)
    return mailbox
  }

  /** The one of this name, made now if there is none. */
  async ensure(text: string): Promise<TestMailbox> {
    try {
      return await this.add({ name: text })
    } catch (error) {
      const found = isRefusal(error, 'account-exists') ? this.named(this.nameOf(text)) : undefined
      if (found) return found
      throw error
    }
  }

  /** By exactly this name. */
  named(name: string): TestMailbox | undefined {
    return this.#byName.get(name)
  }

  /** The one form of a name or an address. Throws a `Refusal` when no account can be called so. */
  nameOf(text: string): string {
    const name = parseAccountName(text)
    return name.endsWith(`@${this.#domain}`) ? name.slice(0, -this.#domain.length - 1) : name
  }

  /** One that is not there yet, of a name that nobody has guessed. */
  create(secrets: Omit<NewTestMailbox, 'name'> = {}): Promise<TestMailbox> {
    return this.add({ ...secrets, name: `box-${randomBytes(6).toString('hex')}` })
  }
}

function secret(): string {
  return randomBytes(secretOctets).toString('base64url')
}
