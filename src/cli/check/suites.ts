// The suites that `poplar check` has, by protocol, alike to the command: what is found out about the server, how many cases
// there are, and their runs.
import type { ConformanceCase, Section } from '../../conformance/case.ts'
import { deliveryBy } from '../../conformance/delivery.ts'
import type { Target } from '../../conformance/play.ts'
import type { ServerFacts } from '../../conformance/report/report.ts'
import type { CaseRun } from '../../conformance/runner.ts'
import { collectionBy } from '../../pop3/conformance/collection.ts'
import type { Credentials } from '../../pop3/conformance/credentials.ts'
import { isLetterName, letter } from '../../pop3/conformance/letters.ts'
import { CheckedMaildrop } from '../../pop3/conformance/maildrop.ts'
import { sections as pop3Sections } from '../../pop3/conformance/sections/index.ts'
import { openPop3Suite } from '../../pop3/conformance/suite.ts'
import type { Survey } from '../../pop3/conformance/survey.ts'
import { sections as smtpSections } from '../../smtp/conformance/sections/index.ts'
import { openSmtpSuite } from '../../smtp/conformance/suite.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import type { ServerUrl } from './target.ts'

/** A case of any protocol, for showing it. */
export type AnyCase = Omit<ConformanceCase<never>, 'steps'> & {
  readonly steps: readonly { readonly explain: string }[]
}

export interface SuiteOptions {
  readonly url: ServerUrl
  readonly target: Target
  /** Whose maildrop it is; both empty where none is looked into. */
  readonly credentials: Credentials
  /** Where mail that SMTP or LMTP brought is seen, by POP3. */
  readonly read: Target | undefined
  readonly deliver: ServerUrl | undefined
  readonly recipient: string
  readonly mayDeleteForeign: boolean
  readonly slow: boolean
  readonly huge: boolean
  readonly only: readonly string[]
  readonly seed: string
  readonly signal: AbortSignal
}

export interface OpenedSuite {
  readonly facts: Pick<ServerFacts, 'greeting' | 'implementation' | 'capabilities'>
  readonly count: number
  readonly runs: AsyncIterable<CaseRun<AnyCase>>
}

export interface SuiteKind {
  readonly sections: readonly Section<AnyCase>[]
  /** What is special about a message of the cases. */
  about(letter: string): string | undefined
  /** Throws `Unable` or a `Failure` when the server cannot be checked. */
  open(options: SuiteOptions): Promise<OpenedSuite>
  /** Brings the server into the state in which a case begins, and does what is noted beside its connections. */
  prepare?(item: AnyCase, options: SuiteOptions): Promise<(note: string) => Promise<void>>
}

const pop3: SuiteKind = {
  sections: pop3Sections,
  about(name) {
    return isLetterName(name) ? letter(name, '').about : undefined
  },
  async open(options) {
    const { survey, count, runs } = await openPop3Suite({ ...options, deliver: deliverIn(options) })
    return { facts: factsOf(survey), count, runs }
  },
  async prepare({ mail = [] }, options) {
    const maildrop = new CheckedMaildrop({ ...options, deliver: deliverIn(options) })
    await maildrop.hold(mail === 'any' ? mail : mail.filter(isLetterName))
    return async note => {
      const [, name = ''] = /^delivered (\S+)$/.exec(note) ?? []
      if (isLetterName(name)) await maildrop.add(name)
    }
  },
}

const smtp: SuiteKind = {
  sections: smtpSections,
  about: () => undefined,
  async open({ url, read, credentials, ...options }) {
    const protocol = url.protocol === 'lmtp' ? 'lmtp' : 'smtp'
    const collect = read && collectionBy({ target: read, credentials })
    const { survey, count, runs } = await openSmtpSuite({ ...options, protocol, collect })
    const { greeting, secured } = survey
    const capabilities = [...(secured ?? [])].map(([keyword, values]) => [keyword, ...values].join(' '))
    return { facts: { greeting, implementation: null, capabilities }, count, runs }
  },
}

export const suites: Readonly<Record<ServerUrl['protocol'], SuiteKind>> = { pop3, smtp, lmtp: smtp }

/** Each once. */
export const allSuites: readonly SuiteKind[] = [pop3, smtp]

export function suiteFor({ protocol }: Pick<ServerUrl, 'protocol'>): SuiteKind {
  return suites[protocol]
}

function deliverIn({ deliver, recipient, target }: SuiteOptions): ReturnType<typeof deliveryBy> | undefined {
  if (!deliver) return undefined
  const { host, port, protocol } = deliver
  if (protocol === 'pop3') throw new CommandFailure('--deliver is by smtp or lmtp', exitCodes.usage)
  return deliveryBy({ host, port, protocol, recipient, patienceMs: target.patienceMs })
}

function factsOf({ greeting, loggedIn, secured }: Survey): OpenedSuite['facts'] {
  const capabilities = loggedIn ?? secured ?? new Map<string, readonly string[]>()
  return {
    greeting,
    implementation: capabilities.get('IMPLEMENTATION')?.join(' ') ?? null,
    capabilities: [...capabilities].map(([tag, values]) => [tag, ...values].join(' ')),
  }
}
