// The POP3 suite against one server: survey, then every case that can be tried, with the maildrop in the state it asks for.
import type { Outcome } from '../../conformance/case.ts'
import type { Deliver } from '../../conformance/delivery.ts'
import type { Target } from '../../conformance/play.ts'
import { type CaseRun, chosen, type Placed, runCases } from '../../conformance/runner.ts'
import { letterField } from './letters.ts'
import { CheckedMaildrop } from './maildrop.ts'
import { MaildropSession } from './maildrop-session.ts'
import { type Means, unmet } from './needs.ts'
import { type Credentials, Pop3Play } from './play.ts'
import type { Pop3Case } from './pop3-case.ts'
import { sections } from './sections/index.ts'
import { type Survey, survey } from './survey.ts'

export interface Pop3SuiteOptions {
  readonly target: Target
  readonly credentials: Credentials
  readonly deliver?: Deliver | undefined
  /** Expunges the first message of the maildrop as another protocol would, in mid-session too. */
  readonly expungeFirst?: (() => Promise<void>) | undefined
  /** Leave to delete mail that is not ours. Default: none; cases that need another maildrop are skipped then. */
  readonly mayDeleteForeign?: boolean
  readonly slow?: boolean
  readonly huge?: boolean
  /** Sections and cases by name. Default: all. */
  readonly only?: readonly string[]
  /** Any text; the same one gives the same octets. */
  readonly seed: string
  readonly signal?: AbortSignal | undefined
}

export interface Pop3Suite {
  readonly survey: Survey
  /** How many cases there will be. */
  readonly count: number
  readonly runs: AsyncIterable<CaseRun<Pop3Case>>
}

/** Surveys the server. Throws `Unable` when it cannot be reached, a `Failure` when it is no POP3 or lets nobody in. */
export async function openPop3Suite(options: Pop3SuiteOptions): Promise<Pop3Suite> {
  const { target, credentials, deliver, seed, mayDeleteForeign = false, signal } = options
  const isOurs = mayDeleteForeign || (await holdsOnlyOurs(options))
  const maildrop = new CheckedMaildrop({ target, credentials, deliver, seed, mayDeleteForeign })
  if (deliver && isOurs) await maildrop.hold('any')
  const found = await survey(target, credentials)
  const means: Means = {
    delivers: deliver !== undefined,
    deliversPieces: deliver?.inPieces !== undefined,
    expunges: options.expungeFirst !== undefined,
    mayEmpty: isOurs,
    slow: options.slow ?? false,
    huge: options.huge ?? false,
    security: target.security,
  }
  const cases = inGoodOrder(chosen(sections, options.only))
  return {
    survey: found,
    count: cases.length,
    runs: runCases({
      cases,
      signal,
      skips: item => unmet(item.needs ?? [], found, means) ?? unlessMailMayChange(item, means),
      prepare: async item => {
        if (item.mail) await maildrop.hold(item.mail)
        return new Pop3Play({
          target,
          seed: `${seed} ${item.id}`,
          words: { user: credentials.user, password: credentials.password, host: target.host },
          credentials,
          survey: found,
          letters: maildrop.letters,
          deliver: deliver && ((name, state) => maildrop.add(name, state)),
          deliverInPieces: deliver?.inPieces,
          expungeFirst: options.expungeFirst,
        })
      },
      ended: (item: Pop3Case, { outcome }: Outcome) => {
        if (item.changesMail || outcome === 'fail') maildrop.forget()
      },
    }),
  }
}

function unlessMailMayChange({ mail, changesMail }: Pop3Case, { mayEmpty }: Means): string | undefined {
  if (mayEmpty || (!changesMail && (mail === undefined || mail === 'any'))) return undefined
  return 'the maildrop holds mail that is not ours (--destructive deletes it)'
}

/** Cases that ask for the same mail follow each other, those that leave it as it is first: mail is delivered seldom then. */
function inGoodOrder(cases: readonly Placed<Pop3Case>[]): readonly Placed<Pop3Case>[] {
  const keyOf = ({ item: { mail = [], changesMail } }: Placed<Pop3Case>) =>
    `${mail === 'any' ? '' : mail.join()} ${changesMail ? 1 : 0}`
  return [...cases].sort((a, b) => {
    const [keyA, keyB] = [keyOf(a), keyOf(b)]
    return keyA < keyB ? -1 : keyA > keyB ? 1 : 0
  })
}

function holdsOnlyOurs(options: Pop3SuiteOptions): Promise<boolean> {
  return MaildropSession.use(options, async session => {
    const count = await session.count()
    for (let number = 1; number <= count; number++)
      if (!(await session.header(number)).includes(letterField)) return false
    return true
  })
}
