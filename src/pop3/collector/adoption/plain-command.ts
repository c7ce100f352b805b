// Commands that other programs give to a shell, and we do not: taken over where they are words and nothing else.

const word = /'([^'\\]*)'|"([^"$`\\]*)"|([\w@%+=:,./-]+)/y

/** Program and arguments; undefined where a shell would do more than part them. */
export function plainCommand(command: string): readonly string[] | undefined {
  const words: string[] = []
  let at = 0
  while (at < command.length) {
    if (command[at] === ' ' || command[at] === '\t') {
      at += 1
      continue
    }
    // A shell would join what touches.
    const touches = at > 0 && command[at - 1] !== ' ' && command[at - 1] !== '\t'
    word.lastIndex = at
    const found = touches ? null : word.exec(command)
    if (!found) return undefined
    words.push(found[1] ?? found[2] ?? found[0])
    at = word.lastIndex
  }
  return words
}

/** The destination that our configuration writes so; undefined where it cannot: it parts words at blanks. */
export function commandDestination(words: readonly string[] | undefined): string | undefined {
  if (!words?.[0]?.startsWith('/')) return undefined
  return words.every(text => /^[^\s'"\\%]+$/.test(text)) ? `command:${words.join(' ')}` : undefined
}
