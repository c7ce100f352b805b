// How many connections there may be: in all, and from one address. An IPv6 network of 64 bits counts as one address,
// because one machine has all of it.
import { isIPv6 } from 'node:net'

export interface ConnectionLimits {
  readonly total: number
  readonly perAddress: number
  /** Whether `perAddress` also holds for this machine itself, where proxies and web mail run. */
  readonly countLoopback: boolean
  /** Takes the place of `countLoopback` and of what counts as one address. */
  readonly rules?: AddressRules | undefined
}

/** Which addresses count as one, and which do not count. */
export interface AddressRules {
  /** The network that the address lies in, in one spelling. */
  readonly prefixOf: (address: string) => string
  /** Trusted not to flood: proxies, web mail, monitoring. */
  readonly isExempt: (address: string) => boolean
}

export class ConnectionCounter {
  readonly #limits: ConnectionLimits
  readonly #byAddress = new Map<string, number>()
  #total = 0

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  get total(): number {
    return this.#total
  }

  /** Counts a connection in; false, and not counted, when there are too many. */
  enter(address: string): boolean {
    const key = this.#key(address)
    const ofAddress = this.#byAddress.get(key) ?? 0
    if (this.#total >= this.#limits.total) return false
    if (key !== '' && ofAddress >= this.#limits.perAddress) return false
    this.#total += 1
    if (key !== '') this.#byAddress.set(key, ofAddress + 1)
    return true
  }

  /** Counts a connection out that was counted in. */
  leave(address: string): void {
    const key = this.#key(address)
    this.#total -= 1
    if (key === '') return
    const ofAddress = (this.#byAddress.get(key) ?? 1) - 1
    if (ofAddress > 0) this.#byAddress.set(key, ofAddress)
    else this.#byAddress.delete(key)
  }

  #key(address: string): string {
    const { rules } = this.#limits
    if (rules) return rules.isExempt(address) ? '' : rules.prefixOf(address)
    if (!this.#limits.countLoopback && isLoopbackAddress(address)) return ''
    return isIPv6(address) ? networkOf(address) : address
  }
}

/** Whether the address is one of this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

/** The first four groups of an IPv6 address, written out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  return [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4).join(':')
}
