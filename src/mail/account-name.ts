// What may be called an account and what may be an alias: names that fit into a USER command (RFC 2449 section 4) and,
// unquoted, into a RCPT command (RFC 5321 section 4.1.2; RFC 6531 section 3.3 for what is not ASCII).
import type { AccountName } from './account.ts'
import { Refusal } from './errors.ts'
import { foldAddress, foldName } from './fold.ts'

const maxLocalPartOctets = 64
const maxDomainOctets = 255
/** `USER` and a space before, CRLF behind, 255 in all. */
const maxNameOctets = 248

/** A dot-string of atoms; everything above ASCII counts as an atom's character. */
const localPart =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u
const domain =
  /^[a-z0-9\u0080-\u{10ffff}]([a-z0-9\u0080-\u{10ffff}-]*[a-z0-9\u0080-\u{10ffff}])?(\.[a-z0-9\u0080-\u{10ffff}]([a-z0-9\u0080-\u{10ffff}-]*[a-z0-9\u0080-\u{10ffff}])?)*$/u

/** The folded name of an account: `name` or `name@domain`. Refuses with `bad-name`, saying why. */
export function parseAccountName(text: string): AccountName {
  return folded(text, 'an account', nameFault)
}

/** The folded address of an alias: `local@domain`, `local` or `@domain`. Refuses with `bad-name`, saying why. */
export function parseAliasAddress(text: string): string {
  return folded(text, 'an alias', address =>
    address.startsWith('@') ? domainFault(address.slice(1)) : nameFault(address),
  )
}

/** What stands behind the last `@`; undefined when there is none. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at === -1 ? undefined : address.slice(at + 1)
}

/** Why a text is no domain name; undefined when it is one. */
export function domainFault(name: string): string | undefined {
  if (name === '') return 'the domain is empty'
  if (Buffer.byteLength(name) > maxDomainOctets) return `a domain has at most ${maxDomainOctets} octets`
  return spaceFault(name) ?? (domain.test(name) ? undefined : `${JSON.stringify(name)} is no domain name`)
}

/** Both spellings are asked: converting a domain drops characters, and makes it longer or shorter. */
function folded(text: string, what: string, faultOf: (name: string) => string | undefined): string {
  const name = foldAddress(text)
  const fault = faultOf(foldName(text)) ?? faultOf(name)
  if (fault) throw new Refusal('bad-name', `${JSON.stringify(text)} cannot be ${what}: ${fault}`)
  return name
}

function nameFault(name: string): string | undefined {
  const at = name.lastIndexOf('@')
  const local = at === -1 ? name : name.slice(0, at)
  const domainName = domainOf(name)
  if (local === '') return 'the name is empty'
  if (Buffer.byteLength(local) > maxLocalPartOctets)
    return `a name has at most ${maxLocalPartOctets} octets before the @`
  if (Buffer.byteLength(`${local}@${domainName ?? ''}`) > maxNameOctets)
    return `a name has at most ${maxNameOctets} octets`
  const fault = spaceFault(local)
  if (fault) return fault
  if (!localPart.test(local))
    return "only letters, digits, single dots inside and !#$%&'*+-/=?^_`{|}~ may stand before the @"
  return domainName === undefined ? undefined : domainFault(domainName)
}

function spaceFault(text: string): string | undefined {
  if (/[\s\p{Z}]/u.test(text)) return 'no spaces are allowed'
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u.test(text)) return 'no control characters are allowed'
  return undefined
}
