// What is measured, and what is to be reached. Two tables: scenarios say what is done to a server, metrics say how the
// figures read. Targets are ratios over Dovecot in the same run, or limits of their own.
import { emptyMaildrops, hugeMaildrop, type MaildropPlan, mixedMaildrops, smallMaildrops } from './corpus.ts'
import type { Channel, LoginKind, Pop3Script } from './load/job.ts'
import type { ContenderName } from './servers/contender.ts'

export const scenarioNames = [
  'login',
  'list',
  'fetch',
  'pipe',
  'login-tls',
  'login-tls-resumed',
  'fetch-tls',
  'login-scram',
  'deliver',
  'idle',
  'huge',
  'flood',
  'shed',
] as const
export type ScenarioName = (typeof scenarioNames)[number]

export interface Scenario {
  readonly work: 'pop3' | 'lmtp' | 'idle' | 'listing' | 'flood' | 'shed'
  readonly script?: Pop3Script
  /** In clear when absent. */
  readonly channel?: Channel
  /** USER and PASS when absent. */
  readonly login?: LoginKind
  /** How often a session does its script; once when absent. */
  readonly passes?: number
  readonly maildrops: () => MaildropPlan[]
  /** The server is started anew for each measurement, rather than once for all rounds. */
  readonly isFresh?: boolean
  /** Who cannot take part. */
  readonly without?: readonly ContenderName[]
}

const tlsLogin = {
  work: 'pop3',
  script: 'login',
  maildrops: mixedMaildrops,
  without: ['bare'],
} as const satisfies Scenario

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  login: { work: 'pop3', script: 'login', maildrops: mixedMaildrops },
  list: { work: 'pop3', script: 'list', maildrops: mixedMaildrops },
  fetch: { work: 'pop3', script: 'fetch', maildrops: mixedMaildrops },
  pipe: { work: 'pop3', script: 'pipe', maildrops: mixedMaildrops },
  'login-tls': { ...tlsLogin, channel: 'tls' },
  'login-tls-resumed': { ...tlsLogin, channel: 'tls-resumed' },
  // Long sessions, so that handshakes do not count.
  'fetch-tls': {
    work: 'pop3',
    script: 'fetch',
    channel: 'tls',
    passes: 10,
    maildrops: mixedMaildrops,
    without: ['bare'],
  },
  'login-scram': {
    work: 'pop3',
    script: 'login',
    login: 'scram',
    maildrops: mixedMaildrops,
    without: ['bare'],
  },
  deliver: { work: 'lmtp', maildrops: emptyMaildrops, without: ['bare'] },
  idle: { work: 'idle', maildrops: smallMaildrops, isFresh: true, without: ['bare'] },
  huge: { work: 'listing', maildrops: hugeMaildrop, isFresh: true, without: ['bare'] },
  // What is counted of failures shall not outlive a round. Dovecot answers each failure two seconds late by design.
  flood: { work: 'flood', maildrops: mixedMaildrops, isFresh: true, without: ['bare'] },
  shed: { work: 'shed', maildrops: mixedMaildrops, isFresh: true, without: ['bare'] },
}

export type Target = { readonly ratio: number } | { readonly atMost: number } | { readonly atLeast: number }

export interface Metric {
  readonly scenario: ScenarioName
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly target?: Target
}

export const metrics = {
  login: {
    scenario: 'login',
    title: 'login: USER PASS STAT QUIT',
    unit: 'sessions/s',
    better: 'more',
    target: { ratio: 4 },
  },
  list: {
    scenario: 'list',
    title: 'list: the same with UIDL and LIST',
    unit: 'sessions/s',
    better: 'more',
    target: { ratio: 4 },
  },
  fetch: {
    scenario: 'fetch',
    title: 'fetch: every message, one by one',
    unit: 'messages/s',
    better: 'more',
    target: { ratio: 1.7 },
  },
  pipe: {
    scenario: 'pipe',
    title: 'pipe: every message, pipelined',
    unit: 'messages/s',
    better: 'more',
    target: { ratio: 1.7 },
  },
  loginTls: {
    scenario: 'login-tls',
    title: 'login-tls: handshake, USER PASS STAT QUIT',
    unit: 'sessions/s',
    better: 'more',
    target: { ratio: 2 },
  },
  loginTlsResumed: {
    scenario: 'login-tls-resumed',
    title: 'login-tls-resumed: the same, TLS resumed',
    unit: 'sessions/s',
    better: 'more',
    target: { ratio: 2 },
  },
  fetchTls: {
    scenario: 'fetch-tls',
    title: 'fetch-tls: every message, one by one',
    unit: 'messages/s',
    better: 'more',
    target: { ratio: 1.2 },
  },
  loginScram: {
    scenario: 'login-scram',
    title: 'login-scram: AUTH SCRAM-SHA-256 STAT QUIT',
    unit: 'sessions/s',
    better: 'more',
    target: { ratio: 1.5 },
  },
  deliver: {
    scenario: 'deliver',
    title: 'deliver: LMTP, durable',
    unit: 'messages/s',
    better: 'more',
    target: { ratio: 3 },
  },
  idle: {
    scenario: 'idle',
    title: 'memory of an idle session, of 1,000',
    unit: 'KB',
    better: 'less',
    target: { atMost: 40 },
  },
  hugeFirst: {
    scenario: 'huge',
    title: '100,000 messages: PASS LIST UIDL, first time',
    unit: 'ms',
    better: 'less',
    target: { atMost: 300 },
  },
  hugeAgain: {
    scenario: 'huge',
    title: '100,000 messages: PASS LIST UIDL, then',
    unit: 'ms',
    better: 'less',
    target: { atMost: 300 },
  },
  floodLogin: {
    scenario: 'flood',
    title: '500 failed logins/s: an honest login',
    unit: 'ms',
    better: 'less',
    target: { atMost: 100 },
  },
  floodRetr: {
    scenario: 'flood',
    title: '500 failed logins/s: RETRs, of the quiet rate',
    unit: '%',
    better: 'more',
    target: { atLeast: 80 },
  },
  shedLogin: {
    scenario: 'shed',
    title: '2,000 connections/s: an honest login, of its quiet time',
    unit: 'times',
    better: 'less',
    target: { atMost: 2 },
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics
