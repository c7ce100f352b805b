// Every store keeps every port's contract.
import { describe } from 'vitest'
import { accountRegistrySuite } from '../suites/account-registry.ts'
import { appPasswordsSuite } from '../suites/app-passwords.ts'
import { archiveStoreSuite } from '../suites/archive-store.ts'
import { collectionLedgerSuite } from '../suites/collection-ledger.ts'
import { deliveryTargetSuite } from '../suites/delivery-target.ts'
import { keptMailSuite } from '../suites/kept-mail.ts'
import { maildropStoreSuite } from '../suites/maildrop-store.ts'
import { maildropViewsSuite } from '../suites/maildrop-views.ts'
import { messageFormsSuite } from '../suites/message-forms.ts'
import { randomOperationsSuite } from '../suites/random-operations.ts'
import { recoveryStoreSuite } from '../suites/recovery-store.ts'
import { retentionStoreSuite } from '../suites/retention-store.ts'
import { stores } from './factories.ts'

describe.each(Object.entries(stores))('%s', (_name, factory) => {
  describe('account registry', () => accountRegistrySuite(factory))
  describe('app passwords', () => appPasswordsSuite(factory))
  describe('delivery target', () => deliveryTargetSuite(factory))
  describe('maildrop store', () => maildropStoreSuite(factory))
  describe('maildrop views', () => maildropViewsSuite(factory))
  describe('message forms', () => messageFormsSuite(factory))
  describe('recovery store', () => recoveryStoreSuite(factory))
  describe('retention store', () => retentionStoreSuite(factory))
  describe('collection ledger', () => collectionLedgerSuite(factory))
  describe('archive store', () => archiveStoreSuite(factory))
  describe('kept mail', () => keptMailSuite(factory))
  describe('all together', () => randomOperationsSuite(factory))
})
