// The links of a message: what a person would click or copy.
import { hrefsOf, textOfHtml } from './html-text.ts'

/** Any scheme: apps have their own. */
const url = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30}:\/\/[^\s<>"\u0000-\u001f]+/gi
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
  return [...text.matchAll(url)].map(([found]) => withoutSentence(found))
}

/** Without what belongs to the sentence around it: a full stop, a bracket that was not opened in it. */
function withoutSentence(found: string): string {
  const last = found.at(-1) ?? ''
  const opener = closers[last]
  const isStray = opener !== undefined && found.split(opener).length < found.split(last).length
  return isStray || /[.,;:!?'*’”]/.test(last) ? withoutSentence(found.slice(0, -1)) : found
}
