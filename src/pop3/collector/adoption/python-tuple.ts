// Tuples of strings as Python writes them, which getmail's settings have: `('a', "b",)`. Nothing is evaluated.

const item = /\s*[uUrRbB]?(?:'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)")\s*(,|$)/y
const maxLength = 10_000
const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' }

/** Undefined for whatever is no such tuple. */
export function parseTuple(text: string): readonly string[] | undefined {
  const inner = /^\s*\(([\s\S]*)\)\s*$/.exec(text)?.[1]
  if (inner === undefined || inner.length > maxLength) return undefined
  const strings: string[] = []
  item.lastIndex = 0
  while (inner.slice(item.lastIndex).trim() !== '') {
    const found = item.exec(inner)
    if (!found) return undefined
    const raw = found[1] ?? found[2] ?? ''
    strings.push(raw.replace(/\\([\s\S])/g, (_, what: string) => named[what] ?? what))
  }
  return strings
}
