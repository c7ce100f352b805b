// Finding keys in TOML text, against every way TOML has to write them.
import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { KeyLines, type KeyPath } from '../../src/config/key-lines.ts'

const table: readonly { why: string; toml: string; path: KeyPath; line: number | undefined }[] = [
  { why: 'a bare key', toml: '\na = 1', path: ['a'], line: 2 },
  { why: 'a key after comments and blanks', toml: '# a = 1\n \t\n  a = 1 # a', path: ['a'], line: 3 },
  { why: 'a comment at the very end', toml: 'a = 1\n# end', path: ['a'], line: 1 },
  { why: 'a table', toml: 'a = 1\n[ t ]\nb = 2', path: ['t'], line: 2 },
  { why: 'a key in a table', toml: 'a = 1\n[t]\nb = 2', path: ['t', 'b'], line: 3 },
  { why: 'a dotted key', toml: 't . b = 2\nt.c = 3', path: ['t', 'c'], line: 2 },
  { why: 'the table of dotted keys', toml: '\nt.b = 2\nt.c = 3', path: ['t'], line: 2 },
  { why: 'a dotted table', toml: '[t.u]\n\nb = 2', path: ['t', 'u', 'b'], line: 3 },
  { why: 'a quoted key', toml: '"a b" = 1\n\'c"d\' = 2', path: ['c"d'], line: 2 },
  { why: 'a quoted key with escapes', toml: 'x = 1\n"\\u0061\\"\\t" = 1', path: ['a"\t'], line: 2 },
  { why: 'a quoted key with a dot', toml: 'x = 1\n"a.b".c = 1', path: ['a.b', 'c'], line: 2 },
  { why: 'an inline table', toml: 't = { a = 1, b = { c = 2 } }', path: ['t', 'b', 'c'], line: 1 },
  { why: 'items of a list', toml: 'a = [\n 1, # one ]\n [ 2,\n 3 ],\n]', path: ['a', 1, 1], line: 4 },
  { why: 'inline tables in a list', toml: 'a = [\n{ b = 1 },\n{ b = 2 }\n]', path: ['a', 1, 'b'], line: 3 },
  { why: 'a list of tables', toml: '[[a]]\nb = 1\n[[a]]\nb = 2', path: ['a', 1, 'b'], line: 4 },
  { why: 'a list of tables as such', toml: '\n[[a]]\n[[a]]', path: ['a'], line: 2 },
  {
    why: 'a table below a list of tables',
    toml: '[[a]]\n[[a]]\n[a.t]\nb = 2',
    path: ['a', 1, 't', 'b'],
    line: 4,
  },
  { why: 'after a string with everything in it', toml: 's = "a = [\\" # {"\nb = 1', path: ['b'], line: 2 },
  { why: 'after a literal string', toml: "s = 'a\\'\nb = 1", path: ['b'], line: 2 },
  { why: 'after an empty string', toml: 's = ""\nb = 1', path: ['b'], line: 2 },
  { why: 'after a multi-line string', toml: 's = """\nb = 0\n"" \\"""\n"""\nb = 1', path: ['b'], line: 5 },
  { why: 'after one that ends with quotes', toml: 's = """x"""""\nb = 1', path: ['b'], line: 2 },
  { why: 'after a multi-line literal', toml: "s = '''\nb = 0 \\\n'' '''\nb = 1", path: ['b'], line: 4 },
  {
    why: 'after dates and numbers',
    toml: 'd = 1979-05-27 07:32:00Z\nn = -1e3\nb = inf',
    path: ['b'],
    line: 3,
  },
  { why: 'a key below one that is missing: the table', toml: '\n[t]\nb = 1', path: ['t', 'x'], line: 2 },
  { why: 'nothing of it', toml: 'a = 1', path: ['x', 'y'], line: undefined },
  { why: 'an empty document', toml: '', path: ['a'], line: undefined },
]

describe('KeyLines', () => {
  it.each(table)('finds $why', ({ toml, path, line }) => {
    expect(() => parse(toml)).not.toThrow()
    expect(new KeyLines(toml).lineOf(path)).toBe(line)
  })

  it('finds the line of every value in any document', () => {
    const key = fc
      .oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ maxLength: 4 }))
      .filter(name => name !== '__proto__')
    const { value } = fc.letrec<{ value: unknown }>(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.boolean(),
        fc.string(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 5 }), document => {
        const toml = stringify(document)
        const lines = new KeyLines(toml)
        const textLines = toml.split('\n')
        for (const path of leavesOf(parse(toml))) {
          const line = lines.lineOf(path)
          const name = path.findLast(part => typeof part === 'string') ?? ''
          expect(textLines[(line ?? 0) - 1], JSON.stringify(path)).toContain(
            /^[\w-]+$/.test(name) ? name : JSON.stringify(name).slice(1, -1).slice(0, 1),
          )
        }
      }),
    )
  })
})

/** Paths of all values that are neither table nor list. */
function leavesOf(value: unknown, path: KeyPath = []): KeyPath[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, item]) =>
    leavesOf(item, [...path, Array.isArray(value) ? Number(name) : name]),
  )
}
