// The links of a message: what a person would click or copy.
import { hrefsOf, textOfHtml } from './html-text.ts'

/** Beyond it nothing is looked for. */
const maxLength = 2 * 1024 * 1024

/** Any scheme: apps have their own. Longer ones are cut where no browser goes on either. */
const url = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30}:\/\/[^\s<>"\u0000-\u001f]{1,65536}/gi
const absolute = /^[a-z][a-z0-9+.-]*:/i
const noLink = /^(?:javascript|data|cid):/i
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** URLs of the text, then those that the HTML leads to, then those that stand in its text; in order, each once. */
export function linksOf(text: string, html: string): readonly string[] {
  const hrefs = hrefsOf(html).filter(each => absolute.test(each) && !noLink.test(each))
  return [...new Set([...urlsIn(text), ...hrefs, ...urlsIn(textOfHtml(html))])]
}

/** The text with nothing where URLs were. */
export function withoutUrls(text: string): string {
  return text.replace(url, ' ')
}

function urlsIn(text: string): readonly string[] {
  return [...text.slice(0, maxLength).matchAll(url)].map(([found]) => withoutSentence(found))
}

/** Without what belongs to the sentence around it: a full stop, a bracket that was not opened in it. */
function withoutSentence(found: string): string {
  const counts = new Map<string, number>()
  for (const character of found) counts.set(character, (counts.get(character) ?? 0) + 1)
  const countOf = (character: string) => counts.get(character) ?? 0
  let end = found.length
  for (; end > 0; end -= 1) {
    const last = found[end - 1] ?? ''
    const opener = closers[last]
    const isStray = opener !== undefined && countOf(opener) < countOf(last)
    if (!isStray && !/[.,;:!?'*’”]/.test(last)) break
    counts.set(last, countOf(last) - 1)
  }
  return found.slice(0, end)
}
