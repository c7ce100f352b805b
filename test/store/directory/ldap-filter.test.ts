import { describe, expect, it } from 'vitest'
import {
  comparedAttributes,
  comparedValue,
  escapeFilterValue,
  filterFor,
} from '../../../src/store/directory/ldap-filter.ts'

describe('RFC 4515 section 3', () => {
  it.each([
    ['ann', 'ann', 'nothing to escape'],
    ['*', '\\2a', 'any value'],
    ['*)(uid=*', '\\2a\\29\\28uid=\\2a', 'the end of the filter'],
    ['a\\b', 'a\\5cb', 'the escape itself'],
    ['\\2a', '\\5c2a', 'an escape that is none'],
    ['a\0b', 'a\\00b', 'NUL'],
    ['zoë', 'zoë', 'what is not ASCII'],
  ])('%j becomes %j: %s', (text, escaped) => {
    expect(escapeFilterValue(text)).toBe(escaped)
  })
})

describe('a template', () => {
  it.each([
    ['(uid=%u)', 'ann@b.example', '(uid=ann@b.example)', 'the whole name'],
    ['(uid=%n)', 'ann@b.example', '(uid=ann)', 'the local part'],
    ['(uid=%n)', 'ann', '(uid=ann)', 'the local part of a name without domain'],
    ['(o=%d)', 'ann@b.example', '(o=b.example)', 'the domain'],
    ['(o=%d)', 'ann', '(o=)', 'no domain'],
    ['(&(uid=%n)(note=100%%))', 'ann', '(&(uid=ann)(note=100%))', 'a percent sign'],
    ['(uid=%u)', '%n*', '(uid=%n\\2a)', 'a name that looks like a variable'],
    ['(uid=%u)', '$&', '(uid=$&)', 'a name that looks like a replacement'],
    ['(uid=%x)', 'ann', '(uid=%x)', 'no variable'],
  ])('%s for %s is %s: %s', (template, name, filter) => {
    expect(filterFor(template, name)).toBe(filter)
  })

  it.each([
    [
      '(&(objectClass=inetOrgPerson)(|(uid=%n)(mail=%u)))',
      [
        ['uid', '%n'],
        ['mail', '%u'],
      ],
    ],
    ['(mail=%n@%d)', [['mail', '%n@%d']]],
    ['(mail=*%u*)', []],
    ['(o=%d)', []],
    ['(uid~=%u)', []],
  ])('%s compares', (template, compared) => {
    expect(comparedAttributes(template)).toEqual(compared)
  })

  it('gives what an attribute must be equal to, unescaped', () => {
    expect(comparedValue('%n@%d', 'a*@b.example')).toBe('a*@b.example')
  })
})
