// A column that holds a list of texts, as JSON; null where it is empty.

export function formatList(list: readonly string[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list)
}

export function parseList(column: string | null): readonly string[] {
  return column === null ? [] : (JSON.parse(column) as readonly string[])
}
