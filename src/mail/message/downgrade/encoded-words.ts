// Encoded words, RFC 2047: text of any script in the octets of ASCII. Always UTF-8 in base64, cut between characters,
// each word short enough for its line.

/** RFC 2047 section 2 lets an encoded word have 75 characters; with 64, one fits behind `Subject:` on its line of 76. */
const octetsInWord = 39

/** One or more encoded words, blanks between them; those blanks are no part of the text. */
export function encodedWords(text: string): string {
  const words: string[] = []
  let word = ''
  let octets = 0
  for (const character of text) {
    const more = Buffer.byteLength(character)
    if (octets + more > octetsInWord) {
      words.push(encodedWord(word))
      word = ''
      octets = 0
    }
    word += character
    octets += more
  }
  words.push(encodedWord(word))
  return words.join(' ')
}

function encodedWord(text: string): string {
  return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`
}

/** Words with what lies between them; a word that is not ASCII takes its like and the blanks between along. */
const wordRuns = /[^ \t]+/g

/** Unstructured text, RFC 5322 section 2.2.1: only the words that are not ASCII are encoded. */
export function encodedText(text: string): string {
  let result = ''
  let run = ''
  let end = 0
  for (const match of text.matchAll(wordRuns)) {
    const [word] = match
    const gap = text.slice(end, match.index)
    end = match.index + word.length
    if (!isAsciiText(word)) {
      if (run === '') result += gap
      run += run === '' ? word : gap + word
      continue
    }
    if (run !== '') result += encodedWords(run)
    run = ''
    result += gap + word
  }
  return run === '' ? result : result + encodedWords(run)
}

export function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
