// All faults.
import type { Fault } from '../fault.ts'
import { capabilityFaults } from './capabilities.ts'
import { deletionFaults } from './deletion.ts'
import { grammarFaults } from './grammar.ts'
import { languageFaults } from './languages.ts'
import { listingFaults } from './listings.ts'
import { lockFaults } from './locks.ts'
import { loginFaults } from './logins.ts'
import { messageFaults } from './messages.ts'
import { saslFaults } from './sasl.ts'
import { tlsFaults } from './tls.ts'

export const faults: readonly Fault[] = [
  ...loginFaults,
  ...grammarFaults,
  ...lockFaults,
  ...listingFaults,
  ...messageFaults,
  ...deletionFaults,
  ...capabilityFaults,
  ...tlsFaults,
  ...saslFaults,
  ...languageFaults,
]
