// `poplar serve --test`: the mail office for tests as a process of its own, for programs in any language. It says where it
// listens, then `ready`; it ends with a signal or, if it is told so, with its standard input, and nothing is left of it.
import { isLoopbackAddress } from '../net/limits.ts'
import { formatListenAddress, type ListenAddress } from '../net/listener.ts'
import { type OfficeApi, startOfficeApi } from '../testing/http/server.ts'
import { startTestOffice, type TestOffice } from '../testing/test-office.ts'
import { packageVersion } from '../version.ts'
import type { JsonOptions } from './arguments.ts'
import { printLine } from './output.ts'
import { type TestServeOptions, type TestService, testPorts } from './test-office-options.ts'

const defaultHost = '127.0.0.1'
const defaultKeep = 1_000
/** Of all messages together. */
const keptOctets = 256 * 1024 * 1024

/** Runs the office until it is told to end. Rejects when it cannot start. */
export async function serveTests(options: TestServeOptions & JsonOptions): Promise<void> {
  const {
    user = [],
    password,
    hostname,
    host = defaultHost,
    keep = defaultKeep,
    startTls,
    smtpLogin,
  } = options
  const port = (service: TestService) =>
    new Map(options.port).get(service) ?? (options.ephemeral ? 0 : testPorts[service])
  const ended = untilEnded(options.untilStdinEnds ?? false)
  const office = await startTestOffice({
    users: user,
    host,
    ports: {
      pop3: port('pop3'),
      pop3s: port('pop3s'),
      smtp: port('smtp'),
      smtps: port('smtps'),
      lmtp: port('lmtp'),
    },
    catchAll: options.knownOnly ? false : 'any-domain',
    keep: { messages: keep, octets: keptOctets },
    ...(hostname !== undefined && { hostname }),
    ...(password !== undefined && { password }),
    ...(startTls !== undefined && { startTls }),
    ...(smtpLogin !== undefined && { smtpLogin }),
  })
  try {
    const api = await startOfficeApi(office, {
      listen: { host, port: port('http') },
      version: packageVersion(),
      hosts: options.allowHost ?? [],
      origins: options.allowOrigin ?? [],
      onFault: error => process.stderr.write(`poplar: ${describe(error)}\n`),
    })
    if (options.json) printLine(JSON.stringify(readyLine(office, api)))
    else for (const line of introduction(office, api)) printLine(line)
    await ended
    await api.close()
  } finally {
    await office.close()
  }
  // Standard input, if it is still open, is not waited for.
  process.exit()
}

function untilEnded(withStdin: boolean): Promise<void> {
  return new Promise(resolve => {
    const end = () => resolve()
    process.on('SIGTERM', end).on('SIGINT', end)
    if (withStdin) process.stdin.on('end', end).on('error', end).resume()
  })
}

function listenersOf(office: TestOffice): readonly (readonly [string, ListenAddress])[] {
  const { pop3, pop3s, smtp, smtps, lmtp } = office
  return Object.entries({ pop3, pop3s, smtp, smtps, lmtp })
}

/** For programs: one line. */
function readyLine(office: TestOffice, api: OfficeApi) {
  const listeners = [...listenersOf(office), ['http', api.address] as const]
  return {
    ready: true,
    pid: process.pid,
    hostname: office.hostname,
    listeners: listeners.map(([service, { host, port }]) => ({ service, address: host, port })),
    api: api.url,
    mailboxes: office.mailboxes,
  }
}

function introduction(office: TestOffice, api: OfficeApi): readonly string[] {
  return [
    `Poplar ${packageVersion()}, a mail office for tests: all is in memory, and gone when it ends`,
    ...listenersOf(office).map(
      ([service, address]) => `  ${service.toUpperCase()} on ${formatListenAddress(address)}`,
    ),
    `  HTTP on ${api.url}`,
    ...office.mailboxes.map(({ name, password }) => `  user ${name}, password ${password}`),
    ...(isLoopbackAddress(api.address.host)
      ? []
      : ['WARNING: whoever can connect may read all mail and passwords. Keep no real mail here.']),
    'ready',
  ]
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
