// A command in one line as a program and its arguments. There is no shell: what only a shell would understand is refused, not
// handed over as it stands.

/** Characters that mean something to a shell where they are not in quotes. */
const forShells = /[|&;<>()$`*?[\]{}~#!\\\n\r\0]/

/** Words parted by blanks; `"..."` and `'...'` keep what is in them. Undefined where that is not enough. */
export function commandWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let offset = 0; offset < text.length; offset++) {
    const letter = text.charAt(offset)
    if (letter === '"' || letter === "'") {
      const end = text.indexOf(letter, offset + 1)
      const quoted = text.slice(offset + 1, end)
      if (end < 0 || (letter === '"' && /[$`\\]/.test(quoted)) || quoted.includes('\0')) return undefined
      word = (word ?? '') + quoted
      offset = end
    } else if (letter === ' ' || letter === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (forShells.test(letter)) return undefined
    else word = (word ?? '') + letter
  }
  if (word !== undefined) words.push(word)
  return words.length > 0 && words[0] !== '' ? words : undefined
}
