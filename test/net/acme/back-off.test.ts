import { describe, expect, it } from 'vitest'
import { backOffMs } from '../../../src/net/acme/back-off.ts'
import { AcmeFailure } from '../../../src/net/acme/failure.ts'

const minute = 60_000
const hour = 60 * minute
const rateLimited = 'urn:ietf:params:acme:error:rateLimited'

describe('backing off', () => {
  it.each([
    ['the first failure', 1, {}, minute],
    ['each further one doubles it', 4, {}, 8 * minute],
    ['up to half a day', 11, {}, 12 * hour],
    ['however often it fails', 1_000_000, {}, 12 * hour],
    ['the CA asks for more', 1, { retryAfterMs: 3 * hour }, 3 * hour],
    ['the CA asks for less', 8, { retryAfterMs: 1_000 }, 128 * minute],
    ['the CA asks for a year', 1, { retryAfterMs: 8_760 * hour }, 24 * hour],
    ['a limit without a time', 1, { problem: rateLimited }, hour],
    ['a limit with a short time', 1, { problem: rateLimited, retryAfterMs: 5_000 }, hour],
    ['a limit with a long time', 1, { problem: rateLimited, retryAfterMs: 2 * hour }, 2 * hour],
  ])('%s', (_reason, failures, said, expected) => {
    expect(backOffMs(failures, new AcmeFailure('', said), 0)).toBe(expected)
    const latest = backOffMs(failures, new AcmeFailure('', said), 0.999)
    expect(latest).toBeGreaterThan(expected * 1.19)
    expect(latest).toBeLessThanOrEqual(expected * 1.2)
  })
})
