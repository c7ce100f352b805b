// Who may ask: programs of this machine, and pages of origins that were named. A page elsewhere whose name was made to lead
// here (DNS rebinding) has that name in Host; what a browser sends for a page that is not ours, it marks so.
import type { IncomingHttpHeaders } from 'node:http'
import { parseNetwork } from '../../mail/network.ts'
import { RequestProblem } from './problem.ts'

export interface AdmissionRules {
  /** Names in Host besides localhost and addresses written as numbers. */
  readonly hosts: readonly string[]
  /** Origins whose pages may ask, such as `http://localhost:3000`. */
  readonly origins: readonly string[]
}

/** The origin that asks and may read the answer; undefined where no page asks. Throws 421 or 403. */
export function admit(headers: IncomingHttpHeaders, { hosts, origins }: AdmissionRules): string | undefined {
  const name = hostName(headers.host ?? '')
  // RFC 9110 section 15.5.20.
  if (!isOwnName(name) && !hosts.some(host => host.toLowerCase() === name))
    throw new RequestProblem(421, `this API is not served as ${JSON.stringify(name)}; see --allow-host`)
  const { origin } = headers
  if (origin !== undefined) {
    if (origins.includes(origin)) return origin
    throw new RequestProblem(403, `pages of ${JSON.stringify(origin)} may not ask; see --allow-origin`)
  }
  const site = headers['sec-fetch-site']
  if (site === 'cross-site' || site === 'same-site')
    throw new RequestProblem(403, 'pages of other origins may not ask; see --allow-origin')
  return undefined
}

/** Without port and brackets, in small letters. */
function hostName(host: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.toLowerCase()) ?? []
  return bracketed ?? plain
}

/** A name made of numbers cannot be made to lead elsewhere. */
function isOwnName(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    (!name.includes('/') && parseNetwork(name) !== undefined)
  )
}

/** What a browser asks before the request itself, and what it is told with each answer. */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return {}
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
    'access-control-allow-headers': 'content-type',
    vary: 'origin',
  }
}
