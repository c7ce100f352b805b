// What is said of an argument that cannot be used: the text itself, so that it is found, unless a password stands in it.
import { InvalidArgumentError } from 'commander'
import { describe, expect, it } from 'vitest'
import { rejecting } from '../../src/cli/arguments.ts'
import { CommandFailure } from '../../src/cli/failure.ts'

const parse = rejecting((text: string): string => {
  if (text !== '') throw new Error('that is no server')
  return text
})

describe('a text that cannot be used', () => {
  it('is repeated by the parser of arguments', () => {
    expect(() => parse('pop3://ann@mail.example')).toThrow(InvalidArgumentError)
  })

  it('is not repeated where a password stands in it', () => {
    expect(() => parse('pop3://ann:sesame@mail.example')).toThrow(CommandFailure)
    expect(() => parse('pop3://ann:sesame@mail.example')).toThrow(/^that is no server$/)
  })
})
