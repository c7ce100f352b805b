// Protected records of one direction with AES-128-GCM, RFC 8446 section 5.2. A record with one octet amiss is thrown.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { TrafficKeys } from './key-schedule.ts'

export const headerOctets = 5
const tagOctets = 16

/** RFC 8446 section 5.1. */
export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

export interface Content {
  readonly type: number
  readonly octets: Buffer
}

/** A record in clear. */
export function clearRecord(type: number, octets: Buffer): Buffer {
  return Buffer.concat([headerOf(type, octets.length), octets])
}

/** Seals or opens records one after the other, in the order of the connection. */
export class RecordProtection {
  readonly #key: Buffer
  readonly #nonce: Buffer
  readonly #lowIv: number
  /** Stays below 2^32: more records than any connection here sends. */
  #sequence = 0

  constructor({ key, iv }: TrafficKeys) {
    this.#key = key
    this.#nonce = Buffer.from(iv)
    this.#lowIv = iv.readUInt32BE(iv.length - 4)
  }

  seal(type: number, octets: Buffer): Buffer {
    const header = headerOf(contentTypes.applicationData, octets.length + 1 + tagOctets)
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nextNonce())
    cipher.setAAD(header)
    const sealed = cipher.update(Buffer.concat([octets, Buffer.of(type)]))
    cipher.final()
    return Buffer.concat([header, sealed, cipher.getAuthTag()])
  }

  /** `record` with its header. */
  open(record: Buffer): Content {
    const decipher = createDecipheriv('aes-128-gcm', this.#key, this.#nextNonce())
    decipher.setAAD(record.subarray(0, headerOctets))
    decipher.setAuthTag(record.subarray(-tagOctets))
    const inner = decipher.update(record.subarray(headerOctets, -tagOctets))
    decipher.final()
    let end = inner.length - 1
    // Behind the type there may be zeros. RFC 8446 section 5.4.
    while (end >= 0 && inner[end] === 0) end -= 1
    return { type: inner[end] ?? 0, octets: inner.subarray(0, Math.max(end, 0)) }
  }

  #nextNonce(): Buffer {
    this.#nonce.writeUInt32BE((this.#lowIv ^ this.#sequence) >>> 0, this.#nonce.length - 4)
    this.#sequence += 1
    return this.#nonce
  }
}

function headerOf(type: number, octets: number): Buffer {
  return Buffer.of(type, 3, 3, octets >> 8, octets & 0xff)
}
