// The one spelling under which names, domains and addresses are stored and compared. Whoever takes one from outside
// folds it here first, so that `Bücher.example` and `xn--bcher-kva.example` are one wherever they come from.
import { domainToUnicode } from 'node:url'

/** NFC, lower case. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** As a name, and internationalised labels in Unicode. What cannot be converted stays as it is. */
export function foldDomain(domain: string): string {
  const folded = foldName(domain)
  return /^[\x00-\x7f]*$/.test(folded) && !folded.includes('xn--')
    ? folded
    : domainToUnicode(folded) || folded
}

/** `name`, `name@domain` or `@domain`: the domain is what stands behind the last `@`. */
export function foldAddress(address: string): string {
  const domainAt = address.lastIndexOf('@') + 1
  if (domainAt === 0) return foldName(address)
  return foldName(address.slice(0, domainAt)) + foldDomain(address.slice(domainAt))
}
