// The owner's query with its named parameters, `:name` or `$name`, put into the numbered ones of a driver. Values are
// bound, never written into the text. What looks like a parameter in a string, a quoted name or a comment is none;
// the quoting is that of SQL, with the dollar quotes of PostgreSQL.

export interface NumberedQuery {
  readonly text: string
  /** The parameter for each placeholder, in order; one may come twice. */
  readonly parameters: readonly string[]
}

const token =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|::|[:$]([A-Za-z_]\w*)/g

/**
 * The query as a subquery that gives two rows at most: a second one is a fault, and a million would fill the memory.
 * Throws for a parameter that is not among `known`.
 */
export function numberParameters(
  query: string,
  known: readonly string[],
  placeholder: (index: number) => string,
): NumberedQuery {
  const parameters: string[] = []
  const text = query
    .trim()
    .replace(/;$/, '')
    .replaceAll(token, (whole: string, _tag: string | undefined, name: string | undefined) => {
      if (name === undefined) return whole
      if (!known.includes(name))
        throw new Error(
          `the query asks for the parameter ${whole}; there are ${known.map(each => `:${each}`).join(', ')}`,
        )
      return placeholder(parameters.push(name))
    })
  // A comment may end the query: the bracket stands on a line of its own.
  return { text: `select * from (\n${text}\n) as account limit 2`, parameters }
}
