import { describe, expect, it } from 'vitest'
import { numberParameters } from '../../../src/store/sql/query/named-parameters.ts'

const known = ['name', 'local', 'domain']
const number = (query: string) => numberParameters(query, known, index => `$${index}`)
const whole = (text: string) => `select * from (\n${text}\n) as account limit 2`

describe('named parameters', () => {
  it.each([
    ['a colon', 'select :name', 'select $1', ['name']],
    ['a dollar sign', 'select $name', 'select $1', ['name']],
    ['one twice', 'select :name, :domain, :name', 'select $1, $2, $3', ['name', 'domain', 'name']],
    ['a cast behind', 'select :name::text', 'select $1::text', ['name']],
    ['a cast alone', "select 'x'::name", "select 'x'::name", []],
    ['a string', "select ':name', 'it''s :name', :local", "select ':name', 'it''s :name', $1", ['local']],
    ['a quoted name', 'select ":name", :local', 'select ":name", $1', ['local']],
    ['a comment', 'select 1 -- :name\n, :local', 'select 1 -- :name\n, $1', ['local']],
    ['a comment in brackets', 'select /* :name */ :local', 'select /* :name */ $1', ['local']],
    ['a dollar quote', 'select $name$ :name $name$, :local', 'select $name$ :name $name$, $1', ['local']],
    ['an empty dollar quote', 'select $$ $name $$, :local', 'select $$ $name $$, $1', ['local']],
    ['a comment at the end', 'select :name -- all', 'select $1 -- all', ['name']],
    ['a semicolon at the end', ' select :name ; ', 'select $1 ', ['name']],
    ['a slice of an array', 'select (a)[1:2], :name', 'select (a)[1:2], $1', ['name']],
  ])('%s', (_reason, query, text, parameters) => {
    expect(number(query)).toEqual({ text: whole(text), parameters })
  })

  it.each([
    'select :nam',
    'select :names',
    'select :password',
    'select :__proto__',
  ])('%j is not known', query => {
    expect(() => number(query)).toThrow('there are :name, :local, :domain')
  })
})
