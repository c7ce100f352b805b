// Text in XML and HTML.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For content and for attributes in quotes. */
export function markup(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '')
}
