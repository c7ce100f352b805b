// The options of `poplar serve --test`, read and checked.
import { type Command, Option } from 'commander'
import { parseAccountName } from '../mail/account-name.ts'
import { isDomainName } from '../mail/message/address.ts'
import type { SmtpLoginRule, StartTlsRule } from '../testing/servers.ts'
import { gathering, rejecting } from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'

/** What has a port, and which one unless it is said otherwise. */
export const testPorts = { pop3: 1110, pop3s: 1995, smtp: 1025, smtps: 1465, lmtp: 1024, http: 8025 } as const
export type TestService = keyof typeof testPorts

export interface TestUser {
  readonly name: string
  readonly password?: string
}

export interface TestServeOptions {
  readonly ephemeral?: true
  readonly port?: readonly (readonly [TestService, number])[]
  readonly host?: string
  readonly hostname?: string
  readonly user?: readonly TestUser[]
  readonly password?: string
  readonly knownOnly?: true
  readonly startTls?: StartTlsRule
  readonly smtpLogin?: SmtpLoginRule
  readonly keep?: number
  readonly allowHost?: readonly string[]
  readonly allowOrigin?: readonly string[]
  readonly untilStdinEnds?: true
}

const rules = ['none', 'offered', 'required'] as const
const services = Object.keys(testPorts).join(', ')

const options: readonly Option[] = [
  new Option('--ephemeral', "with --test: ports of the system's choosing"),
  new Option(
    '--port <service=port>',
    `with --test: one of ${services} at a port of its own; may be given several times`,
  ).argParser(gathering(parsePort)),
  new Option('--host <address>', 'with --test: the address to listen at (default: 127.0.0.1)').argParser(
    rejecting(parseHost),
  ),
  new Option(
    '--hostname <name>',
    'with --test: the domain of its addresses (default: office.test)',
  ).argParser(rejecting(parseHostname)),
  new Option('--user <name[:password]>', 'with --test: a mailbox; may be given several times').argParser(
    gathering(parseUser),
  ),
  new Option('--password <text>', 'with --test: of all mailboxes that are given none').argParser(
    rejecting(parsePassword),
  ),
  new Option('--known-only', 'with --test: refuse mail for addresses without a mailbox'),
  new Option('--start-tls <rule>', 'with --test: STLS and STARTTLS (default: none)').choices([...rules]),
  new Option('--smtp-login <rule>', 'with --test: AUTH in SMTP (default: offered)').choices([...rules]),
  new Option('--keep <messages>', 'with --test: how many are kept (default: 1000)').argParser(
    rejecting(parseKeep),
  ),
  new Option(
    '--allow-host <name>',
    'with --test: a name the HTTP API is asked by; may be given several times',
  ).argParser(gathering(parseHostname)),
  new Option(
    '--allow-origin <origin>',
    'with --test: whose pages may use the HTTP API; may be given several times',
  ).argParser(gathering(parseOrigin)),
  new Option('--until-stdin-ends', 'with --test: end when standard input does'),
]

export function addTestOptions(command: Command): Command {
  command.addOption(
    new Option('--test', 'serve a mail office for tests, in memory, with an HTTP API').conflicts([
      'demo',
      'config',
    ]),
  )
  for (const option of options) command.addOption(option)
  return command
}

/** Throws a usage error for what only an office for tests knows. */
export function refuseTestOptions(given: object): void {
  const stray = options.find(option => option.attributeName() in given)
  if (stray) throw new CommandFailure(`${stray.long} is for \`serve --test\``, exitCodes.usage)
}

function parsePort(text: string): readonly [TestService, number] {
  const [, service = '', digits = ''] = /^([a-z0-9]+)=(\d{1,5})$/.exec(text) ?? []
  if (!isService(service)) throw new Error(`expected one of ${services}, an equals sign and a port`)
  if (Number(digits) > 65_535) throw new Error('a port is at most 65535')
  return [service, Number(digits)]
}

function isService(text: string): text is TestService {
  return Object.hasOwn(testPorts, text)
}

function parseHost(text: string): string {
  if (!/^[\w.:%-]{1,255}$/.test(text)) throw new Error('expected an address of this machine')
  return text
}

function parseHostname(text: string): string {
  if (!isDomainName(text)) throw new Error('expected a domain name')
  return text
}

/** Behind the first colon all is the password. */
function parseUser(text: string): TestUser {
  const colon = text.indexOf(':')
  const name = parseAccountName(colon === -1 ? text : text.slice(0, colon))
  return colon === -1 ? { name } : { name, password: parsePassword(text.slice(colon + 1)) }
}

function parsePassword(text: string): string {
  if (text === '') throw new Error('a password is not empty')
  return text
}

function parseKeep(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error('expected a number from 1 to 9999999')
  return Number(text)
}

function parseOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' }
  if (origin !== text || origin === 'null')
    throw new Error('expected an origin such as http://localhost:3000')
  return origin
}
