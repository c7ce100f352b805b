// A search filter with `%u` (the whole name), `%n` (what stands before the last @) and `%d` (what stands behind it) in
// it. Names are escaped as RFC 4515 section 3 wants it, so that no name can change what is asked for.

/** The filter that asks for one name. `%%` is a percent sign. */
export function filterFor(template: string, name: string): string {
  return expand(template, name, escapeFilterValue)
}

function expand(template: string, name: string, escape: (text: string) => string): string {
  const at = name.lastIndexOf('@')
  const values: Readonly<Record<string, string>> = {
    '%u': escape(name),
    '%n': escape(at === -1 ? name : name.slice(0, at)),
    '%d': escape(at === -1 ? '' : name.slice(at + 1)),
    '%%': '%',
  }
  return template.replaceAll(/%[und%]/g, variable => values[variable] ?? '')
}

/** RFC 4515 section 3: the octets that mean something in a filter are written as hexadecimal digits. */
export function escapeFilterValue(text: string): string {
  return text.replaceAll(
    /[\0()*\\]/g,
    character => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The attributes that the filter compares with the name, each with what it must be equal to. */
export function comparedAttributes(
  template: string,
): readonly (readonly [attribute: string, value: string])[] {
  return [...template.matchAll(/\(([A-Za-z][\w;.-]*)=([^()]*%[un][^()]*)\)/g)].flatMap(
    ([, attribute = '', value = '']) => (value.includes('*') ? [] : [[attribute, value] as const]),
  )
}

/** What a template's value is for one name, unescaped. */
export function comparedValue(value: string, name: string): string {
  return expand(value, name, text => text)
}
