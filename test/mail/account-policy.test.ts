// What is announced of logins and retention: the strictest of all before login, the account's own after it. RFC 2449 sections
// 6.5 and 6.7.
import { describe, expect, it } from 'vitest'
import { AccountPolicy, type CommonAnnouncement, type PolicyRules } from '../../src/mail/account-policy.ts'
import type { MaildropSettings } from '../../src/mail/maildrop-settings.ts'

const dayMs = 86_400_000
const none: PolicyRules = { loginDelayMs: 0, retention: [] }
const aged = (folder: string, days: number) => ({ folder, olderThanMs: days * dayMs })

const cases: readonly {
  readonly what: string
  readonly rules?: Partial<PolicyRules>
  readonly settings?: readonly MaildropSettings[]
  readonly told: Partial<CommonAnnouncement>
}[] = [
  {
    what: 'nothing is configured',
    told: { loginDelayMs: 0, loginDelayDiffers: false, expire: 'never', expireDiffers: false },
  },
  {
    what: 'everybody has the same delay',
    rules: { loginDelayMs: 60_000 },
    told: { loginDelayMs: 60_000, loginDelayDiffers: false },
  },
  {
    what: 'one waits longer: the longest is told',
    rules: { loginDelayMs: 60_000 },
    settings: [{ loginDelayMs: 300_000 }],
    told: { loginDelayMs: 300_000, loginDelayDiffers: true },
  },
  {
    what: 'one waits less: the longest is told',
    rules: { loginDelayMs: 60_000 },
    settings: [{ loginDelayMs: 0 }],
    told: { loginDelayMs: 60_000, loginDelayDiffers: true },
  },
  {
    what: 'mail goes after 30 days',
    rules: { retention: [aged('INBOX', 30)] },
    told: { expire: 30, expireDiffers: false },
  },
  {
    what: 'one keeps it for ever: the shortest is told',
    rules: { retention: [aged('INBOX', 30)] },
    settings: [{ expireDays: 'never' }],
    told: { expire: 30, expireDiffers: true },
  },
  {
    what: 'one has it only until it was retrieved',
    settings: [{ expireDays: 0 }, { expireDays: 90 }],
    told: { expire: 0, expireDiffers: true },
  },
  {
    what: 'another folder, which a login can ask for, is cleared earlier',
    rules: { retention: [aged('Trash', 7)] },
    told: { expire: 7, expireDiffers: true },
  },
  {
    what: 'a limit of the folder may take any message',
    rules: { retention: [{ folder: 'INBOX', maxMessages: 10 }] },
    told: { expire: undefined },
  },
]

describe('before login', () => {
  it.each(cases)('is told what holds for everybody: $what', async ({ rules, settings = [], told }) => {
    const policy = new AccountPolicy({ rules: () => ({ ...none, ...rules }), survey: async () => settings })
    await policy.refresh()
    expect(policy.forEverybody()).toMatchObject(told)
  })

  it('is told what accounts have set, a while later', async () => {
    let nowMs = 0
    let settings: MaildropSettings[] = []
    const policy = new AccountPolicy({ rules: () => none, survey: async () => settings, now: () => nowMs })
    await policy.refresh()
    settings = [{ loginDelayMs: 1_000 }]
    policy.forEverybody()
    await Promise.resolve()
    expect(policy.forEverybody().loginDelayMs).toBe(0)
    nowMs = 10_000
    policy.forEverybody()
    await new Promise(setImmediate)
    expect(policy.forEverybody().loginDelayMs).toBe(1_000)
  })

  it('believes what was true when it cannot ask', async () => {
    let isBroken = false
    const survey = async () => {
      if (isBroken) throw new Error('no store')
      return [{ loginDelayMs: 1_000 }]
    }
    const policy = new AccountPolicy({ rules: () => none, survey })
    await policy.refresh()
    isBroken = true
    await policy.refresh()
    expect(policy.forEverybody().loginDelayMs).toBe(1_000)
  })
})

describe('of one account', () => {
  const rules = { loginDelayMs: 60_000, retention: [aged('INBOX', 30), aged('Junk', 7)] }
  const policy = new AccountPolicy({ rules: () => rules })

  it('its own settings hold', () => {
    expect(policy.loginDelayMs({})).toBe(60_000)
    expect(policy.loginDelayMs({ loginDelayMs: 0 })).toBe(0)
    expect(policy.expire({})).toBe(30)
    expect(policy.expire({ expireDays: 'never' })).toBe('never')
  })

  it('the shortest stay holds where folders are shown together', () => {
    expect(policy.expire({}, ['INBOX', 'Junk'])).toBe(7)
    expect(policy.expire({ expireDays: 'never' }, ['INBOX', 'Junk'])).toBe(7)
  })

  it('what was retrieved goes at QUIT only where that is the rule', () => {
    expect(policy.afterRetrieval({})).toBe('nothing')
    expect(policy.afterRetrieval({ expireDays: 0 })).toBe('delete')
    expect(policy.afterRetrieval({ expireDays: 0 }, ['Junk'])).toBe('nothing')
    expect(policy.afterRetrieval({ expireDays: 0 }, ['INBOX', 'Junk'])).toBe('note')
  })
})
