// Which server is meant, and how it is reached: `pop3://host:port` and its like, with the options about TLS.
import { readFileSync } from 'node:fs'
import type { Target } from '../../conformance/play.ts'
import { CommandFailure, exitCodes } from '../failure.ts'

export interface ServerUrl {
  readonly protocol: 'pop3' | 'smtp' | 'lmtp'
  /** TLS from the first octet on. */
  readonly isSecured: boolean
  readonly host: string
  readonly port: number
}

/** RFC 1939, RFC 8314 section 3, RFC 5321 section 4.5.4.2; LMTP has no port of its own, RFC 2033 section 5. */
const schemes: Readonly<Record<string, Pick<ServerUrl, 'protocol' | 'isSecured'> & { port?: number }>> = {
  'pop3:': { protocol: 'pop3', isSecured: false, port: 110 },
  'pop3s:': { protocol: 'pop3', isSecured: true, port: 995 },
  'smtp:': { protocol: 'smtp', isSecured: false, port: 25 },
  'smtps:': { protocol: 'smtp', isSecured: true, port: 465 },
  'lmtp:': { protocol: 'lmtp', isSecured: false },
}

/** Throws an Error with a sentence. */
export function parseServerUrl(text: string): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url && schemes[url.protocol]
  if (!url || !scheme || url.hostname === '')
    throw new Error('it must be like pop3://host:port; pop3s, smtp, smtps and lmtp are known too')
  if (url.username !== '' || url.password !== '')
    throw new Error('no name and no password stand in it: use --user and --password-stdin')
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw new Error('nothing stands behind the port')
  const port = url.port === '' ? scheme.port : Number(url.port)
  if (port === undefined || port === 0) throw new Error('it needs a port')
  const { protocol, isSecured } = scheme
  return { protocol, isSecured, port, host: url.hostname.replace(/^\[|\]$/g, '') }
}

export interface TlsOptions {
  readonly tls?: boolean
  readonly stls?: boolean
  readonly insecure?: boolean
  readonly ca?: string
  readonly patience: number
}

export function targetFrom({ host, port, isSecured }: ServerUrl, options: TlsOptions): Target {
  const { tls, stls, insecure, ca, patience } = options
  if (isSecured && stls) throw new CommandFailure('--stls is for ports without TLS', exitCodes.usage)
  const isTls = isSecured || tls
  return {
    host,
    port,
    security: isTls ? 'tls' : stls ? 'starttls' : 'clear',
    tls: { verify: !insecure, ...(ca !== undefined && { authority: authorityIn(ca) }) },
    patienceMs: patience * 1000,
  }
}

function authorityIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailure(`${file}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
  }
}
