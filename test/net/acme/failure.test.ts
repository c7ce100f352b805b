import { describe, expect, it } from 'vitest'
import { failureOf, oneLine } from '../../../src/net/acme/failure.ts'

describe('what the CA says', () => {
  it.each([
    ['type and detail', { type: 'urn:x', detail: 'no' }, 'no', 'urn:x'],
    ['a detail alone', { detail: 'no' }, 'no', undefined],
    ['nothing', {}, 'answers 500', undefined],
    ['no document', undefined, 'answers 500', undefined],
    ['another type of value', [1], 'answers 500', undefined],
    ['null', null, 'answers 500', undefined],
    ['fields of the wrong types', { type: 1, detail: { a: 1 }, subproblems: 'x' }, 'answers 500', undefined],
    [
      'a problem for each name',
      {
        detail: 'some are refused',
        subproblems: [
          { detail: 'blocked', identifier: { type: 'dns', value: 'a.example' } },
          null,
          { detail: 'no name' },
        ],
      },
      'some are refused; a.example: blocked',
      undefined,
    ],
  ])('%s', (_reason, document, message, problem) => {
    const failure = failureOf(document, 'answers 500')
    expect(failure.message).toBe(message)
    expect(failure.problem).toBe(problem)
  })

  it.each([
    ['a second line', 'a\r\n{"level":50}', 'a {"level":50}'],
    ['a terminal sequence', 'a\u001b[31mb', 'a [31mb'],
    ['a separator of lines', 'a\u2028b', 'a b'],
    ['text that runs backwards', 'a\u202eb', 'a b'],
    ['too much', 'x'.repeat(600), `${'x'.repeat(500)}...`],
  ])('%s is made harmless', (_reason, text, expected) => {
    expect(oneLine(text)).toBe(expected)
    expect(failureOf({ detail: text }, '').message).toBe(expected)
  })
})
