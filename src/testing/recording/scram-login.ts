// A login by SCRAM played again, RFC 5802 section 5 and RFC 7677: its challenges hold a nonce of the client's, and what the
// server proves in the end is proved by the password. So they are made anew, for the password that the program has now.
import { randomBytes } from 'node:crypto'
import { type ClientFirst, parseClientFinal, parseClientFirst } from '../../auth/mechanisms/scram-messages.ts'
import { preparePassword } from '../../auth/prepare.ts'
import type { ScramHash, ScramKeys } from '../../auth/sasl.ts'
import {
  defaultScramIterations,
  deriveScramKeys,
  scramProofFits,
  scramServerSignature,
} from '../../auth/scram.ts'

/** The client's message is none that could be answered; the text ends a sentence about the client. */
export class ScramDeparture extends Error {
  override readonly name = 'ScramDeparture'
}

const saltOctets = 16
const nonceOctets = 18
const hashes: Readonly<Record<string, ScramHash>> = { 'SHA-1': 'SHA-1', 'SHA-256': 'SHA-256' }

/** Undefined for what is no such mechanism. With `-PLUS` it is the same: what the client has bound to is taken as it comes. */
export function scramHashOf(mechanism: string): ScramHash | undefined {
  const [, hash = ''] = /^SCRAM-(.+?)(?:-PLUS)?$/i.exec(mechanism) ?? []
  return hashes[hash.toUpperCase()]
}

export class ScramLogin {
  readonly #hash: ScramHash
  readonly #password: Uint8Array
  #response = ''
  /** What was asked for with the first challenge. */
  #asked: { readonly first: ClientFirst; readonly text: string; readonly keys: ScramKeys } | undefined

  constructor(hash: ScramHash, password: string) {
    const octets = Buffer.from(password)
    this.#hash = hash
    this.#password = preparePassword(octets) ?? octets
  }

  /** What the client said last, in base64. */
  hear(response: string): void {
    this.#response = response
  }

  /** What the server says to it, in base64. Rejects with a `ScramDeparture`. */
  async challenge(): Promise<string> {
    const said = Buffer.from(this.#response, 'base64')
    const text = this.#asked ? this.#last(said, this.#asked) : await this.#begin(said)
    return Buffer.from(text).toString('base64')
  }

  async #begin(said: Uint8Array): Promise<string> {
    const first = parseClientFirst(said)
    if (!first) throw new ScramDeparture('did not begin as SCRAM does')
    const salt = randomBytes(saltOctets)
    const keys = await deriveScramKeys(this.#password, salt, defaultScramIterations, this.#hash)
    const nonce = first.nonce + randomBytes(nonceOctets).toString('base64')
    const text = `r=${nonce},s=${salt.toString('base64')},i=${keys.iterations}`
    this.#asked = { first, text, keys }
    return text
  }

  #last(
    said: Uint8Array,
    { first, text, keys }: { readonly first: ClientFirst; readonly text: string; readonly keys: ScramKeys },
  ): string {
    const final = parseClientFinal(said)
    if (!final || !text.startsWith(`r=${final.nonce},`))
      throw new ScramDeparture('did not answer the challenge as SCRAM does')
    const authMessage = `${first.bare},${text},${final.withoutProof}`
    if (!scramProofFits(keys, authMessage, final.proof, this.#hash))
      throw new ScramDeparture('has another password than `replay` was given')
    return `v=${Buffer.from(scramServerSignature(keys.serverKey, authMessage, this.#hash)).toString('base64')}`
  }
}
