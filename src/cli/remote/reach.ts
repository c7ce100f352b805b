// How `poplar probe` and `poplar get` reach another server and log in there: options of the command line, made into those of
// the client.
import { readFileSync } from 'node:fs'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { passwordMechanisms } from '../../mail/password-mechanisms.ts'
import { parseProxy } from '../../net/proxies/proxy.ts'
import {
  type ConnectOptions,
  type Credentials,
  oauth2,
  type PasswordMechanism,
  type Pop3Error,
  password,
  type TlsPolicy,
} from '../../pop3/client/index.ts'
import { gathering } from '../arguments.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { printable } from '../output.ts'
import { passwordStdinOption } from '../terminal.ts'
import { type Pop3Url, parsePop3Url } from './pop3-url.ts'
import { type SecretOptions, secretFor, secretVariable } from './secret.ts'

export interface ReachOptions extends SecretOptions {
  readonly tls?: 'required' | 'opportunistic' | 'none'
  readonly ca?: string
  readonly insecure?: boolean
  readonly pin?: readonly string[]
  readonly proxy?: string
  readonly allowCleartext?: boolean
  readonly auth?: readonly PasswordMechanism[]
  /** In seconds. */
  readonly patience: number
}

const maxPatienceSeconds = 600

/** `<server>`. What is wrong with it is said without repeating it: a password may stand there. */
export function serverArgument(): Argument {
  return new Argument(
    '<server>',
    'pop3s://user@host:port; pop3:// and pop3+stls:// come to TLS by STLS',
  ).argParser(text => {
    try {
      return parsePop3Url(text)
    } catch (error) {
      throw new CommandFailure(`the server: ${(error as Error).message}`, exitCodes.usage)
    }
  })
}

export function addReachOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--tls <when>', 'of pop3://: whether STLS has to be (default: required)').choices([
        'required',
        'opportunistic',
        'none',
      ]),
    )
    .option('--ca <file>', 'accept certificates that this one (PEM) vouches for')
    .option('--insecure', 'accept any certificate, and tell whoever shows one the password')
    .addOption(
      new Option(
        '--pin <pin>',
        "the server's key must be this one, sha256/<base64>; may be given several times",
      ).argParser(gathering(parsePin)),
    )
    .addOption(new Option('--proxy <url>', 'socks5://, socks5h:// or http://host:port').argParser(checkProxy))
    .option('--allow-cleartext', 'let the password go out without TLS')
    .addOption(
      new Option(
        '--auth <mechanism>',
        `log in by this one only (${passwordMechanisms.join(', ')}); may be given several times`,
      ).argParser(gathering(parseMechanism)),
    )
    .option('--oauth2', 'the secret is an access token, for XOAUTH2 or OAUTHBEARER')
    .addOption(passwordStdinOption())
    .addOption(
      new Option('--password-file <file>', 'read the password from a file').conflicts('passwordStdin'),
    )
    .addOption(
      new Option('--patience <seconds>', 'how long any answer may take').argParser(parsePatience).default(30),
    )
    .addHelpText('after', helpOnSecrets)
}

const helpOnSecrets = `
The password is asked for at the terminal unless --password-stdin, --password-file or the
environment's ${secretVariable} has it. It goes out under TLS only, to a server whose
certificate is trusted, unless --allow-cleartext or --insecure is given.`

/** What the client is told of the server. */
export function reachOf(url: Pop3Url, options: ReachOptions): Omit<ConnectOptions, 'auth'> {
  const { ca, insecure = false, pin, proxy, allowCleartext = false, patience } = options
  const tls = policyOf(url, options.tls)
  if (tls === 'none' && (pin ?? ca) !== undefined)
    throw new CommandFailure('--pin and --ca are for TLS, and --tls none is without', exitCodes.usage)
  const timeoutMs = patience * 1000
  return {
    host: url.host,
    port: url.port,
    tls,
    certificate: { verify: !insecure, ...(ca !== undefined && { authority: authorityIn(ca) }) },
    ...(pin && { pin }),
    ...(proxy !== undefined && { proxy }),
    allowCleartextAuth: allowCleartext,
    timeouts: { connect: timeoutMs, greeting: timeoutMs, command: timeoutMs, stall: timeoutMs },
  }
}

function policyOf({ scheme }: Pop3Url, said: ReachOptions['tls']): TlsPolicy {
  if (scheme !== 'pop3') {
    if (said === undefined || said === 'required') return scheme === 'pop3s' ? 'implicit' : 'stls'
    throw new CommandFailure(`${scheme}:// has TLS always: --tls is for pop3://`, exitCodes.usage)
  }
  return said === undefined || said === 'required' ? 'stls' : said
}

/** What an error says, and which option is for it. */
export function saidOf({ message, code }: Pop3Error, { insecure = false }: ReachOptions): string {
  const isDistrust = code === 'tls-failed' && !insecure && /certificate/i.test(message)
  return printable(isDistrust ? `${message} (--ca names who vouches for it)` : message)
}

/** Asks for the secret where nothing has it. */
export async function credentialsFor(user: string, options: ReachOptions): Promise<Credentials> {
  const { auth } = options
  if (options.oauth2 && auth)
    throw new CommandFailure('--auth is for passwords, and --oauth2 for tokens', exitCodes.usage)
  const secret = await secretFor(options)
  if (options.oauth2) return oauth2(user, secret)
  return password(user, secret, auth && { mechanisms: auth })
}

function authorityIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailure(`${file}: ${(error as Error).message}`, exitCodes.usage, { cause: error })
  }
}

function parsePin(text: string): string {
  if (!/^sha256\/[A-Za-z\d+/]{43}=$/.test(text))
    throw new Error('it is like sha256/ and 44 characters of base64')
  return text
}

/** What it says has no part of the text in it, for that may hold a password. */
function checkProxy(text: string): string {
  try {
    parseProxy(text)
  } catch (error) {
    throw new CommandFailure((error as Error).message, exitCodes.usage)
  }
  return text
}

function parseMechanism(text: string): PasswordMechanism {
  const name = text.toUpperCase()
  const known = passwordMechanisms.find(each => each === name)
  if (!known) throw new Error(`it is one of ${passwordMechanisms.join(', ')}`)
  return known
}

function parsePatience(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= maxPatienceSeconds))
    throw new InvalidArgumentError(`a number of seconds, ${maxPatienceSeconds} at most`)
  return seconds
}
