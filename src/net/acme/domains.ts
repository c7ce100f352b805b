// The names a certificate is asked for: DNS names in lower case, internationalized ones in their ASCII form.
import { domainToASCII } from 'node:url'

/** Names in one certificate; the limit of Let's Encrypt. */
const maxDomains = 100
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/** The names as a CA knows them, each once, in their order; throws an error that names the one that cannot be had. */
export function checkDomains(names: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = new Set(names.map(checkDomain))
  if (first === undefined) throw new Error('ACME needs the names that the certificate shall have')
  if (others.length >= maxDomains) throw new Error(`a certificate has at most ${maxDomains} names`)
  return [first, ...others]
}

function checkDomain(name: string): string {
  if (name.startsWith('*.')) {
    throw new Error(`${name} cannot be obtained: names with * need the challenge dns-01`)
  }
  // domainToASCII() reads a host as part of a URL: of `a/b` it would give `a`.
  const domain = /[^\w.\P{ASCII}-]/u.test(name) ? '' : domainToASCII(name)
  const labels = domain.split('.')
  const isAddress = /^[0-9]+$/.test(labels.at(-1) ?? '')
  if (domain.length > 253 || isAddress || !labels.every(each => label.test(each))) {
    throw new Error(`${JSON.stringify(name)} is not a domain name`)
  }
  return domain
}
