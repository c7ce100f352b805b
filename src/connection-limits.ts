// What the table [limits] means for connections: which addresses count as one, which do not count, and the gate that all
// listeners share.
import type { Config } from './config.ts'
import { prefixOf, within } from './mail/network.ts'
import { ConnectionGate, type Reputation } from './net/connection-gate.ts'
import type { AddressRules } from './net/limits.ts'
import type { Log } from './net/log.ts'

export interface ConnectionRules {
  readonly gate: ConnectionGate
  readonly addressRules: AddressRules
}

export function connectionRules(
  { limits }: Pick<Config, 'limits'>,
  reputationOf: (address: string) => Reputation,
  log: Log,
): ConnectionRules {
  const { ipv4Prefix, ipv6Prefix, exempt, perMinute, perSecond, maxLagMs } = limits
  const addressRules = {
    prefixOf: (address: string) => prefixOf(address, ipv4Prefix, ipv6Prefix),
    isExempt: within(exempt),
  }
  const gate = new ConnectionGate({ rules: addressRules, perMinute, perSecond, maxLagMs, reputationOf, log })
  return { gate, addressRules }
}
