// Who gets into the office: every mechanism of the real one, over passwords in clear, with no hash, no thread and no
// delay: a test guesses wrong on purpose, and does not want to wait for it.
import { createHash, randomBytes } from 'node:crypto'
import { AccountFinder } from '../auth/account-finder.ts'
import { apopDigestFits } from '../auth/apop.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Login, LoginOrigin } from '../auth/login.ts'
import { mechanisms } from '../auth/mechanisms/mechanisms.ts'
import { preparePassword } from '../auth/prepare.ts'
import type { Sasl, Verifier } from '../auth/sasl.ts'
import { SaslService } from '../auth/sasl-service.ts'
import { defaultScramIterations, deriveScramKeys } from '../auth/scram.ts'
import type { Account } from '../mail/account.ts'
import type { AccountDirectory } from '../mail/account-directory.ts'
import { foldAddress } from '../mail/fold.ts'
import { ChannelTies } from './chaos/channel-ties.ts'
import type { Mailboxes, TestMailbox } from './mailboxes.ts'

const saltOctets = 16

/** An account and what opens it. */
interface Owner {
  readonly account: Account
  readonly mailbox: TestMailbox
}

export class TestAuthenticator implements Authenticator {
  readonly sasl: Sasl
  readonly apop: NonNullable<Authenticator['apop']>
  /** Of the channels that come by the place where faults are made. */
  readonly ties = new ChannelTies()
  readonly #mailboxes: Mailboxes
  readonly #finder: AccountFinder

  constructor(directory: AccountDirectory, mailboxes: Mailboxes, hostname: string) {
    this.#mailboxes = mailboxes
    this.#finder = new AccountFinder(directory, [hostname])
    this.sasl = new SaslService({
      mechanisms,
      allowed: undefined,
      offersScram: () => true,
      offersTokens: true,
      hasSharedSecrets: () => true,
      verifierFor: (_mechanism, origin) => this.#verifierFor(origin),
    })
    this.apop = {
      isOffered: true,
      authenticate: async (name, timestamp, digest) => {
        const owner = await this.#find(name)
        const fits = apopDigestFits(digest, timestamp, passwordOf(owner))
        return fits ? loginOf(owner, name) : undefined
      },
    }
  }

  async authenticate(name: string, password: Uint8Array): Promise<Login | undefined> {
    const owner = await this.#find(name)
    const prepared = preparePassword(password) ?? password
    return Buffer.compare(prepared, passwordOf(owner)) === 0 ? loginOf(owner, name) : undefined
  }

  async nameOf(loginName: string): Promise<string | undefined> {
    return (await this.#finder.find(loginName))?.name
  }

  /** Whether a text is the name of a mailbox, however it is spelt; for transcripts, which show no others. */
  isName(claimed: string): boolean {
    return this.#finder.namesOf(claimed).some(name => this.#mailboxes.named(name) !== undefined)
  }

  #verifierFor(origin: LoginOrigin): Verifier {
    return {
      origin: { ...origin, channel: this.ties.clientOf(origin.channel) },
      verifyPassword: async (name, password, actAs) =>
        mayActAs(name, actAs) ? this.authenticate(name, password) : undefined,
      findScramKeys: async (name, hash, actAs) => {
        const owner = await this.#find(name)
        const salt = createHash('sha256').update(foldAddress(name)).digest().subarray(0, saltOctets)
        const keys = await deriveScramKeys(passwordOf(owner), salt, defaultScramIterations, hash)
        return {
          salt,
          iterations: defaultScramIterations,
          keys: [keys],
          settle: async matched =>
            matched !== undefined && mayActAs(name, actAs) ? loginOf(owner, name) : undefined,
        }
      },
      findSecret: async name => {
        const owner = await this.#find(name)
        return {
          secret: passwordOf(owner),
          settle: async matches => (matches ? loginOf(owner, name) : undefined),
        }
      },
      verifyToken: async (token, name) => {
        const mailbox = this.#mailboxes.all.find(each => each.token === token)
        const owner = mailbox && (await this.#find(mailbox.name))
        const isMeant = name === undefined || (await this.nameOf(name)) === mailbox?.name
        return isMeant ? loginOf(owner, name ?? '') : undefined
      },
      verifyCertificate: async () => undefined,
      refuse: async () => undefined,
    }
  }

  async #find(name: string): Promise<Owner | undefined> {
    const account = await this.#finder.find(name)
    const mailbox = account && this.#mailboxes.named(account.name)
    return mailbox && { account, mailbox }
  }
}

/** The prepared password; of nobody, one that nobody has. */
function passwordOf(owner: Owner | undefined): Uint8Array {
  if (!owner) return randomBytes(saltOctets)
  const octets = Buffer.from(owner.mailbox.password)
  return preparePassword(octets) ?? octets
}

function loginOf(owner: Owner | undefined, loginName: string): Login | undefined {
  return owner && { account: owner.account, readOnly: false, appPassword: undefined, loginName }
}

/** Nobody acts for somebody else. RFC 4422 section 3.4.1. */
function mayActAs(name: string, actAs: string | undefined): boolean {
  return actAs === undefined || foldAddress(actAs) === foldAddress(name)
}
