// Commands that other programs give mail to, as a destination of ours, which has no shell but the one that is named.

/** What each of the programs would put something in for: `%F`, `%(sender)`. */
const placeholder = /%[A-Za-z(]/

/** Program and arguments; undefined where they cannot be written in one line, or are filled in for each message. */
export function commandDestination(words: readonly string[] | undefined): string | undefined {
  if (!words?.[0]?.startsWith('/')) return undefined
  const written = words.map(quoted)
  return written.includes(undefined) ? undefined : `command:${written.join(' ')}`
}

/** For a line that was given to a shell. */
export function shellDestination(line: string): string | undefined {
  return commandDestination(['/bin/sh', '-c', line])
}

function quoted(word: string): string | undefined {
  if (placeholder.test(word) || /\p{Cc}/u.test(word)) return undefined
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!word.includes("'")) return `'${word}'`
  return /["$`\\]/.test(word) ? undefined : `"${word}"`
}
