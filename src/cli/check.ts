// `poplar check`: the conformance suites against any server. Exit code 0; 1 when something that must hold does not; 2 when
// the server could not be checked.
import { randomBytes } from 'node:crypto'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { Target } from '../conformance/play.ts'
import { hasFailedMust, type ReportedRun, reportOf, type ServerFacts } from '../conformance/report/report.ts'
import { Secrets } from '../conformance/secrets.ts'
import { gathering, rejecting, withExamples } from './arguments.ts'
import { explainCases, found, listCases } from './check/catalogue.ts'
import { diagnosed } from './check/diagnosis.ts'
import { recordingIn, replayFile } from './check/replaying.ts'
import { type ResultOptions, requireOutputs, TranscriptFolder, writeReports } from './check/results.ts'
import { allSuites, type OpenedSuite, type SuiteOptions, suiteFor } from './check/suites.ts'
import { parseServerUrl, type ServerUrl, type TlsOptions, targetFrom } from './check/target.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { startProgress } from './progress.ts'
import { type PasswordOptions, passwordStdinOption, readPassword } from './terminal.ts'

interface CheckOptions extends TlsOptions, PasswordOptions, ResultOptions {
  readonly user?: string
  readonly deliver?: ServerUrl
  readonly read?: ServerUrl
  readonly recipient?: string
  readonly destructive?: boolean
  readonly slow?: boolean
  readonly huge?: boolean
  readonly only?: readonly string[]
  readonly seed?: string
  readonly transcripts?: string
  readonly list?: boolean
  readonly explain?: string
  readonly replay?: string
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('check a server against the RFCs, case by case')
    .addArgument(
      new Argument('[server]', 'pop3://, pop3s://, smtp:// or lmtp://, host:port').argParser(
        rejecting(parseServerUrl),
      ),
    )
    .addOption(new Option('--tls', 'TLS from the first octet on, as pop3s:// has it').conflicts('stls'))
    .option('--stls', 'begin TLS by STLS, or STARTTLS')
    .option('--insecure', 'accept any certificate')
    .option('--ca <file>', 'accept certificates that this one (PEM) vouches for')
    .addOption(new Option('--user <name>', 'whose maildrop is used').argParser(rejecting(parseUser)))
    .addOption(passwordStdinOption())
    .addOption(
      new Option(
        '--deliver <server>',
        'smtp://host:port or lmtp://host:port, by which mail gets there',
      ).argParser(rejecting(parseServerUrl)),
    )
    .addOption(
      new Option(
        '--read <server>',
        'pop3://host:port, where mail for the recipient is seen: for smtp and lmtp',
      ).argParser(rejecting(parseServerUrl)),
    )
    .addOption(
      new Option('--recipient <address>', 'whom mail is delivered to (default: the user)').argParser(
        rejecting(parseRecipient),
      ),
    )
    .option('--destructive', 'delete mail in the maildrop that is not of the suite')
    .option('--slow', 'try what takes minutes too')
    .option('--huge', 'try a message of a gigabyte too')
    .addOption(
      new Option('--only <name>', 'only this section or case; may be given several times').argParser(
        gathering(name => name),
      ),
    )
    .addOption(new Option('--seed <text>', 'what random choices come from').argParser(rejecting(parseSeed)))
    .addOption(
      new Option('--patience <seconds>', 'how long any answer may take').argParser(parsePatience).default(20),
    )
    .option('--json <file>', 'write the results as JSON')
    .option('--tap', 'print the results as TAP')
    .option('--junit <file>', "write the results as JUnit's XML")
    .option('--html <file>', 'write the results as a page')
    .option(
      '--transcripts <folder>',
      'where transcripts of failures go (default: a new folder for temporary files)',
    )
    .option('--replay <file>', 'play the transcript of a failure again and compare the answers')
    .option('--explain <name>', 'print what a case, or each of a section, sends and expects')
    .option('--list', 'print all cases')
    .action(async (url: ServerUrl | undefined, options: CheckOptions) => {
      if (options.explain !== undefined) return explainCases(options.explain)
      if (options.list) return listCases(url ? [suiteFor(url)] : allSuites, options.only ?? [])
      const recorded = options.replay === undefined ? undefined : recordingIn(options.replay)
      const server = url ?? recorded?.url
      if (!server) throw new CommandFailure('which server? give it as pop3://host:port', exitCodes.usage)
      const isSaid = options.tls || options.stls || server.isSecured
      await check(server, { ...recorded?.options, ...(isSaid ? {} : recorded?.security), ...options })
    })
    .addHelpText('after', helpOnMail)
  return withExamples(command, [
    [
      'poplar check pop3://localhost:1110 --user ann --deliver lmtp://localhost:1024',
      'ask for the password; all that can be tried',
    ],
    ['poplar check pop3s://pop.example.net --user ann --password-stdin --json /dev/stdout', 'for a program'],
    [
      'poplar check smtp://localhost:1025 --recipient ann@example.net --read pop3://localhost:1110 --user ann',
      'the receiving side, and whether 250 means that the message is there',
    ],
    ['poplar check --explain retr-dots', 'what a case does'],
  ])
}

const helpOnMail = `
A maildrop that holds mail which is not of the suite is left as it is, and cases that need
another are skipped, unless --destructive allows to delete it. Use an account for tests.

Cases that try wrong passwords are slow where the server delays logins behind failed ones;
where it delays them for longer than --patience, they fail.`

async function check(url: ServerUrl, options: CheckOptions): Promise<void> {
  requireOutputs(options)
  found([suiteFor(url)], options.only ?? [])
  const target = targetFrom(url, options)
  const { user, read } = options
  const looksIntoMaildrop = url.protocol === 'pop3' || read !== undefined
  if (looksIntoMaildrop && user === undefined)
    throw new CommandFailure('whose maildrop? give --user', exitCodes.usage)
  const recipient = options.recipient ?? user
  if (recipient === undefined) throw new CommandFailure('for whom? give --recipient', exitCodes.usage)
  if (read && read.protocol !== 'pop3') throw new CommandFailure('--read is by pop3', exitCodes.usage)
  const password = looksIntoMaildrop ? Buffer.from(await readPassword(options)).toString('latin1') : ''
  const secrets = new Secrets(password)
  const interrupt = new AbortController()
  const suiteOptions: SuiteOptions = {
    url,
    target,
    credentials: { user: Buffer.from(user ?? '').toString('latin1'), password },
    deliver: options.deliver,
    recipient,
    read: read && targetFrom(read, { ...options, tls: false, stls: false }),
    mayDeleteForeign: options.destructive ?? false,
    slow: options.slow ?? false,
    huge: options.huge ?? false,
    only: options.only ?? [],
    seed: options.seed ?? randomBytes(4).toString('hex'),
    signal: interrupt.signal,
  }
  const stop = () => interrupt.abort()
  process.once('SIGINT', stop)
  try {
    if (options.replay === undefined) await runSuite(suiteOptions, options, secrets)
    else await replayFile(options.replay, suiteOptions, secrets)
  } finally {
    process.removeListener('SIGINT', stop)
  }
}

async function runSuite(options: SuiteOptions, results: CheckOptions, secrets: Secrets): Promise<void> {
  const startedAtMs = performance.now()
  const { url, seed, signal } = options
  const suite = await opened(options, secrets)
  const server = serverOf(url, options.target, suite.facts)
  const folder = new TranscriptFolder(results.transcripts, secrets)
  const runs: ReportedRun[] = []
  const progress = startProgress(suite.count, 'cases')
  try {
    for await (const run of suite.runs) {
      runs.push(folder.keep(run, { server, seed, user: results.user }))
      progress.advance(1)
    }
  } catch (error) {
    throw ours(error, secrets)
  } finally {
    progress.stop()
  }
  const report = reportOf({
    server,
    seed,
    tookMs: performance.now() - startedAtMs,
    sections: suiteFor(url).sections,
    runs,
    hide: text => secrets.hide(text),
  })
  writeReports(report, results)
  if (hasFailedMust(report)) process.exitCode = exitCodes.failed
  if (signal.aborted)
    throw new CommandFailure(`stopped after ${runs.length} of ${suite.count} cases`, exitCodes.usage)
}

async function opened(options: SuiteOptions, secrets: Secrets): Promise<OpenedSuite> {
  try {
    return await suiteFor(options.url).open(options)
  } catch (error) {
    throw ours(await diagnosed(error, options.target, options.url), secrets)
  }
}

/** Whatever is in the way of a verdict is no failed case: its exit code is another, and it tells no secret. */
function ours(error: unknown, secrets: Secrets): CommandFailure {
  const message = error instanceof Error ? error.message : String(error)
  const sentence = error instanceof CommandFailure ? message : `the suite itself failed: ${message}`
  return new CommandFailure(secrets.hide(sentence), exitCodes.usage, { cause: error })
}

function serverOf(
  { protocol }: ServerUrl,
  { host, port, security }: Target,
  facts: OpenedSuite['facts'],
): ServerFacts {
  return { protocol, host, port, security, ...facts }
}

function parseUser(text: string): string {
  if (text === '' || /[\p{Cc}]/u.test(text)) throw new Error('it has no control characters, and is not empty')
  return text
}

function parseRecipient(text: string): string {
  if (!/^[^\s<>\p{Cc}]+$/u.test(text)) throw new Error('it is an address without angle brackets')
  return text
}

function parseSeed(text: string): string {
  if (!/^[\w.-]{1,40}$/.test(text)) throw new Error('letters, digits, `.`, `_` and `-`, 40 at most')
  return text
}

const maxPatienceSeconds = 600

function parsePatience(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= maxPatienceSeconds))
    throw new InvalidArgumentError(`a number of seconds, ${maxPatienceSeconds} at most`)
  return seconds
}
