// What a person sees of HTML, as far as links and codes ask for it: no layout, no styles, entities resolved.

/** Beyond it nothing is looked for: a test run shall not hang on a message made for that. */
const maxLength = 2 * 1024 * 1024

/** Of one tag. */
const maxAttributes = 16 * 1024

// What is not closed goes on to the end, in browsers too; and so every search ends where it began to succeed.
const unseen = /<!--[^]*?(?:-->|$)|<(style|script|title|template)\b[^>]*(?:>|$)[^]*?(?:<\/\1\s*>|$)/gi
const block =
  /<\/?(?:p|div|br|hr|tr|table|li|ul|ol|h[1-6]|section|article|header|footer|blockquote)\b[^>]*(?:>|$)/gi
const tag = /<[a-z/!?][^>]*(?:>|$)/gi
const anchor = /<(?:a|area)\b((?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^"'>])*)(?:>|$)/gi
const href = /(?:^|[\s"'])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i
const entity = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  euro: '€',
  pound: '£',
  shy: '',
  zwnj: '',
}

/** Text with a line for each block. */
export function textOfHtml(html: string): string {
  const text = html
    .slice(0, maxLength)
    .replace(unseen, ' ')
    .replace(/\s+/g, ' ')
    .replace(block, '\n')
    .replace(tag, '')
  return resolveEntities(text)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join('\n')
}

/** Where its anchors lead, in order, entities resolved. */
export function hrefsOf(html: string): readonly string[] {
  const seen = html.slice(0, maxLength).replace(unseen, ' ')
  return [...seen.matchAll(anchor)].flatMap(([, attributes = '']) => {
    const [, double, single, bare] = href.exec(attributes.slice(0, maxAttributes)) ?? []
    const value = double ?? single ?? bare
    return value === undefined ? [] : [resolveEntities(value).trim()]
  })
}

function resolveEntities(text: string): string {
  return text.replace(entity, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return named[name.toLowerCase()] ?? whole
    const point = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
