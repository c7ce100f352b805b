// MAIL FROM:<reverse-path> and RCPT TO:<forward-path> with their parameters, RFC 5321 sections 4.1.1.2 and 4.1.1.3.
// Stands in for the library's reading, which takes no quoted local part with a blank or an `@` in it.
import { addressLimits, parseAddress } from '../../mail/message/address.ts'

export interface PathCommand {
  /** Without angle brackets and source route; empty for the null reverse-path. */
  readonly address: string
  /** Parameters by upper-case name; true for one without value. False when there are none. */
  readonly args: false | Record<string, string | true>
  /** The name of a parameter that was given twice. */
  readonly duplicate?: string
}

/** Up to the closing bracket; brackets inside quotes do not count. Blanks around the path are let pass. */
const pathPattern = /^\s*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(.*)$/u
/** RFC 5321 appendix C: a source route is accepted and ignored. */
const sourceRoute = /^@[^\s,:@]+(?:,@[^\s,:@]+)*:/
const parameterName = /^[A-Za-z0-9][A-Za-z0-9-]*$/
const parameterValue = /^[\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]+$/u

/** Reads a whole command line that must begin with `MAIL FROM:` or `RCPT TO:`. False when it cannot be read. */
export function parsePathCommand(verb: 'MAIL FROM' | 'RCPT TO', line: string): PathCommand | false {
  const colon = line.indexOf(':')
  if (colon === -1 || line.slice(0, colon).trim().toUpperCase() !== verb) return false
  const [, path, rest] = pathPattern.exec(line.slice(colon + 1)) ?? []
  if (path === undefined || rest === undefined || (rest !== '' && !/^\s/.test(rest))) return false
  const address = path.replace(sourceRoute, '')
  if (address === '' ? verb === 'RCPT TO' : !isPath(verb, address)) return false
  return withParameters(address, rest)
}

/** Local parts of reverse-paths outgrow the RFC's 64 octets where addresses are rewritten. */
function isPath(verb: 'MAIL FROM' | 'RCPT TO', address: string): boolean {
  const { localPartOctets, addressOctets } = addressLimits
  return parseAddress(address, verb === 'MAIL FROM' ? addressOctets : localPartOctets) !== undefined
}

function withParameters(address: string, text: string): PathCommand | false {
  const args: Record<string, string | true> = {}
  let duplicate: string | undefined
  for (const parameter of text.split(/\s+/)) {
    if (parameter === '') continue
    const equals = parameter.indexOf('=')
    const name = (equals === -1 ? parameter : parameter.slice(0, equals)).toUpperCase()
    const value = equals === -1 ? true : parameter.slice(equals + 1)
    if (!parameterName.test(name) || (value !== true && !parameterValue.test(value))) return false
    if (Object.hasOwn(args, name)) duplicate = name
    args[name] = value
  }
  return {
    address,
    args: Object.keys(args).length > 0 ? args : false,
    ...(duplicate !== undefined && { duplicate }),
  }
}
