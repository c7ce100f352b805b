// `poplar get`: fetches mail from another POP3 server by hand, or shows what lies there. Exit code 0; 1 when something could not
// be had; what was saved until then stays, and nothing is deleted that is not on disk here.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { connect, type Listing, type MessageRef, Pop3Error, type Session } from '../pop3/client/index.ts'
import { DestinationError } from '../pop3/collector/destination.ts'
import { ArchiveError } from '../store/archive/archive.ts'
import { gathering, type JsonOptions } from './arguments.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { type FetchResult, fetchAll } from './get/fetching.ts'
import { readHeaders, readWholeHeader } from './get/headers.ts'
import { createSaver, type SaveFormat, saveFormats } from './get/savers.ts'
import { type NumberRange, parseRange, select } from './get/selection.ts'
import { type Column, printable, printJson, printLine, printRows } from './output.ts'
import { startProgress, startTransfer } from './progress.ts'
import { formatPop3Url, type Pop3Url } from './remote/pop3-url.ts'
import { credentialsFor, type ReachOptions, reachOf, saidOf } from './remote/reach.ts'
import { remoteCommand, untilInterrupted } from './remote/remote-command.ts'

interface GetOptions extends ReachOptions, JsonOptions {
  readonly list?: boolean
  /** True without a number. */
  readonly headers?: number | true
  readonly uidl?: readonly string[]
  readonly newest?: number
  readonly to?: string
  readonly format: SaveFormat
  readonly delete?: boolean
  readonly maxOctets: number
}

/** LIST may lie: a message without an end would fill the disk. */
const maxMessageOctets = 4 * 1024 ** 3

export function getCommand(): Command {
  return remoteCommand({
    name: 'get',
    description: 'fetch mail from another POP3 server, or show what lies there',
    arguments: [
      new Argument('[messages...]', 'numbers and ranges: 3 5-9 12- (default: all)').argParser(
        gathering(parseRange),
      ),
    ],
    options: ownOptions(),
    examples: [
      [
        'poplar get pop3s://ann@pop.example.net --list --headers',
        'what lies there, with From, Subject and Date',
      ],
      ['poplar get pop3s://ann@pop.example.net --newest 10 --to mail', 'the last ten, as files mail/*.eml'],
      [
        'poplar get pop3s://ann@pop.example.net --to ann.mbox --format mbox --delete',
        'all of it, and then delete it there',
      ],
    ],
  }).action(get)
}

function ownOptions(): readonly Option[] {
  return [
    new Option('--list', 'print number, octets and unique-id of each message'),
    new Option(
      '--headers [message]',
      'with --list: From, Subject and Date of each; with a number: the header of that message',
    ).argParser(parseNumber),
    new Option('--uidl <id>', 'the message with this unique-id; may be given several times').argParser(
      gathering(id => id),
    ),
    new Option('--newest <count>', 'only the last so many of the messages chosen').argParser(parseNumber),
    new Option('--to <path>', 'where messages are saved: a folder (eml, maildir) or a file (mbox)'),
    new Option('--format <format>', 'how they are saved').choices(saveFormats).default('eml'),
    new Option('--delete', 'delete on the server what is saved, once it is on disk'),
    new Option('--max-octets <octets>', 'end the session at a message that is larger')
      .argParser(parseNumber)
      .default(maxMessageOctets),
  ]
}

async function get(
  url: Pop3Url,
  ranges: readonly NumberRange[] | undefined,
  options: GetOptions,
): Promise<void> {
  const { user } = url
  if (user === undefined) throw usage('whose maildrop? give it as pop3s://user@host')
  requireOneTask(options)
  const reach = reachOf(url, options)
  const auth = await credentialsFor(user, options)
  try {
    await untilInterrupted(async signal => {
      await using session = await connect({ ...reach, auth, signal, limits: { message: options.maxOctets } })
      const selection = { ranges: ranges ?? [], uidls: options.uidl ?? [], newest: options.newest }
      const listing = await session.listing({ signal })
      const task = { url, user, session, listing, refs: select(listing, selection), signal, options }
      if (typeof options.headers === 'number') await showHeader(task, options.headers)
      else if (options.list) await showList(task)
      else await fetch(task)
    })
  } catch (error) {
    throw failureOf(error, options)
  }
}

/** What the world has done; anything else is a fault of ours. */
function failureOf(error: unknown, options: GetOptions): unknown {
  const isOfDisk = error instanceof DestinationError || error instanceof ArchiveError
  if (!isOfDisk && !(error instanceof Pop3Error)) return error
  const said = isOfDisk ? printable(error.message) : saidOf(error, options)
  return new CommandFailure(said, exitCodes.failed, { cause: error })
}

interface Task {
  readonly url: Pop3Url
  readonly user: string
  readonly session: Session
  readonly listing: Listing
  readonly refs: readonly MessageRef[]
  readonly signal: AbortSignal
  readonly options: GetOptions
}

function requireOneTask({ list, headers, to, delete: deletes }: GetOptions): void {
  if (headers === true && !list) throw usage('--headers is for --list, or takes the number of a message')
  const isShown = list || headers !== undefined
  if (isShown && (to !== undefined || deletes)) throw usage('--list and --headers save and delete nothing')
  if (!isShown && to === undefined) throw usage('where to? give --to, or --list')
}

async function showHeader({ session, listing, signal }: Task, number: number): Promise<void> {
  const ref = listing.find(each => each.number === number)
  if (!ref) throw new CommandFailure(`there is no message ${number}`)
  for (const line of await readWholeHeader(session, ref, signal)) printLine(line)
  await session.commit()
}

interface Row {
  readonly number: number
  readonly octets: number | null
  readonly uidl: string | null
  readonly from?: string
  readonly subject?: string
  readonly date?: string
}

async function showList({ session, refs, signal, options }: Task): Promise<void> {
  const wantsHeaders = options.headers === true
  const progress = wantsHeaders ? startProgress(refs.length, 'headers') : undefined
  const headers = wantsHeaders
    ? await readHeaders(session, refs, signal, () => progress?.advance(1)).finally(() => progress?.stop())
    : []
  const rows = refs.map(
    ({ number, octets = null, uidl = null }, at): Row => ({ number, octets, uidl, ...headers[at] }),
  )
  printRows(rows, wantsHeaders ? [...plainColumns, ...headerColumns] : plainColumns, options)
  await session.commit()
}

const plainColumns: readonly Column<Row>[] = [
  { title: 'number', cell: ({ number }) => number, align: 'right' },
  { title: 'octets', cell: ({ octets }) => octets ?? '?', align: 'right' },
  { title: 'unique-id', cell: ({ uidl }) => uidl ?? '' },
]

const shownCharacters = 60
const headerColumns: readonly Column<Row>[] = (['date', 'from', 'subject'] as const).map(title => ({
  title,
  cell: row => [...(row[title] ?? '')].slice(0, shownCharacters).join(''),
}))

async function fetch({ url, user, session, refs, signal, options }: Task): Promise<void> {
  const { to = '', format, delete: deletes = false } = options
  const saver = createSaver(format, to, `${user} at ${formatPop3Url(url)}`)
  const octets = refs.reduce((sum, ref) => sum + (ref.octets ?? 0), 0)
  const progress = startTransfer({ octets, messages: refs.length })
  const arrived = (more: number, isWhole: boolean) => progress.advance(more, isWhole)
  try {
    const result = await fetchAll({ session, refs, saver, deletes, signal, arrived })
    progress.stop()
    report(result, to, options)
  } finally {
    progress.stop()
    await saver.close()
  }
}

function report(result: FetchResult, to: string, { json }: GetOptions): void {
  const { saved, known, failed, deleted } = result
  if (json) printJson(result)
  else {
    const before = known > 0 ? `, ${known} were there already` : ''
    const gone = deleted?.state === 'committed' ? `; deleted ${deleted.count} on the server` : ''
    printLine(`saved ${saved} to ${to}${before}${gone}`)
  }
  for (const { number, reason } of failed)
    process.stderr.write(`poplar: message ${number}: ${printable(reason)}\n`)
  if (deleted?.state === 'unknown')
    throw new CommandFailure(
      'the server did not answer QUIT: whether it has deleted, the next listing will show',
    )
  if (failed.length > 0) process.exitCode = exitCodes.failed
}

function usage(sentence: string): CommandFailure {
  return new CommandFailure(sentence, exitCodes.usage)
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('it is a number from 1 on')
  return Number(text)
}
