// Octets nobody chose, at every step of every mechanism, in clear and under TLS: nothing throws, everything ends, and
// nobody gets in.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mechanisms } from '../../../src/auth/mechanisms/mechanisms.ts'
import { accountName, boundChannel, fakeVerifier, password, token } from './fake-verifier.ts'

/** Pieces that grammars look for, so that some input gets past the first look. */
const piece = fc.oneof(
  fc.constantFrom(
    'n,,',
    'y,,',
    'p=tls-exporter,,',
    'n=',
    'r=',
    'a=',
    'c=biws',
    ',p=',
    ',',
    '=2C',
    '=',
    '\0',
    '\x01',
  ),
  fc.constantFrom(
    'user=',
    'auth=Bearer ',
    'auth=',
    'm=',
    `n,,n=${accountName},r=abc`,
    `${accountName} ${'0'.repeat(32)}`,
  ),
  fc.constantFrom(accountName, password.slice(1), token.slice(1), ' ', '\ufeff', '\u0627'),
)
const response = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 4000, maxLength: 5000 }),
  fc.array(piece, { maxLength: 8 }).map(pieces => new Uint8Array(Buffer.from(pieces.join('')))),
)

describe.each(mechanisms.map(mechanism => [mechanism.name, mechanism] as const))('%s', (name, mechanism) => {
  it('ends in one refusal whatever comes', async () => {
    const conversation = fc.tuple(
      fc.option(response, { nil: undefined }),
      fc.array(response, { minLength: 4, maxLength: 4 }),
      fc.boolean(),
    )
    await fc.assert(
      fc.asyncProperty(conversation, async ([initial, responses, isBound]) => {
        const verifier = fakeVerifier({ channel: isBound ? boundChannel : undefined })
        const exchange = mechanism.begin(verifier)
        let step = await exchange.next(initial)
        for (const next of responses) if (step.kind === 'challenge') step = await exchange.next(next)
        // A certificate opens without a word; that is what EXTERNAL is for.
        if (name === 'EXTERNAL' && step.kind === 'success') return
        expect(step.kind).toBe('failure')
        expect(verifier.refusals.length).toBe(1)
      }),
      { numRuns: 150 },
    )
  })
})
