// `poplar collect import`: what fetchmail, getmail, mpop or Thunderbird left becomes sources of ours, and what they have
// fetched is known, so that nobody fetches everything again. Without `--write` it is shown and nothing else.
import { Command, Option } from 'commander'
import { loadConfig } from '../../config.ts'
import {
  type Adopted,
  type AdoptedSource,
  type AdoptionOutcome,
  adopt,
  type Comparison,
  compareListing,
  configText,
  ForeignFileError,
  readForeignState,
  unfoldedKeys,
  writePasswordFiles,
} from '../../pop3/collector/adoption/index.ts'
import { SourceError } from '../../pop3/collector/source.ts'
import {
  type ConfigOptions,
  configOption,
  gathering,
  type JsonOptions,
  jsonOption,
  withExamples,
} from '../arguments.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { inOffice } from '../office.ts'
import { type Column, printable, printJson, printLine, printRows } from '../output.ts'
import { type MatchedSource, matchConfigured } from './configured.ts'
import { extendedConfig, writeConfig } from './extend-config.ts'
import { listedKeys } from './listed-keys.ts'

interface ImportOptions extends ConfigOptions, JsonOptions {
  readonly to?: readonly string[]
  readonly compare?: boolean
  readonly write?: boolean
  readonly passwords?: string
  readonly home?: string
}

interface Found extends MatchedSource {
  readonly comparison: Comparison | undefined
}

export function collectImportCommand(): Command {
  const command = new Command('import')
    .description(
      'take over from fetchmail, getmail, mpop or Thunderbird: their sources, and what they have fetched',
    )
    .argument(
      '<path...>',
      '.fetchmailrc, .fetchids, a getmail rc file, oldmail-*, .mpoprc, its UIDLS files, prefs.js, popstate.dat, or a folder with such files',
    )
    .addOption(
      new Option(
        '--to <destination>',
        'where the mail of the new sources goes; may be given several times',
      ).argParser(gathering(text => text)),
    )
    .option('--compare', 'ask each source for its listing, and tell what would be fetched again')
    .option('--write', 'write the sources into the configuration, and what they have fetched into the ledger')
    .option(
      '--passwords <folder>',
      'with --write, put passwords that stand in the files into files of this folder',
    )
    .option('--home <folder>', 'what ~ means in the files (default: your home)')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (paths: readonly string[], options: ImportOptions) => {
      if (options.passwords !== undefined && !options.write)
        throw new CommandFailure('--passwords writes: give --write with it', exitCodes.usage)
      try {
        await run(paths, options)
      } catch (error) {
        if (!(error instanceof ForeignFileError)) throw error
        throw new CommandFailure(printable(error.message), exitCodes.failed, { cause: error })
      }
    })
  return withExamples(command, [
    ['poplar collect import ~/.fetchmailrc --to ann', 'see what would come over, and as what configuration'],
    ['poplar collect import ~/.fetchmailrc --to ann --compare', 'see which messages would be fetched again'],
    ['poplar collect import ~/.fetchmailrc --to ann --write --passwords secrets', 'do it'],
    ['poplar collect import ~/.getmail --write', 'all rc files of a folder, with their oldmail files'],
  ])
}

async function run(paths: readonly string[], options: ImportOptions): Promise<void> {
  const adopted = await readForeignState(paths, options.home === undefined ? {} : { home: options.home })
  const found = await look(adopted, options)
  if (options.write) await write(adopted, found, options)
  else show(adopted, found, options)
}

async function look(adopted: Adopted, options: ImportOptions): Promise<readonly Found[]> {
  const matched = matchConfigured(adopted.sources, loadConfig(options.config).collect)
  const found: Found[] = []
  for (const each of matched) {
    const keys = options.compare ? await keysOf(each, options) : undefined
    const source = keys ? unfoldedKeys(each.source, keys) : each.source
    found.push({ ...each, source, comparison: keys && compareListing(source, keys) })
  }
  return found
}

/** Undefined where a source cannot be asked and nothing is to be written: the others can. */
async function keysOf(
  matched: MatchedSource,
  { write: isWriting }: ImportOptions,
): Promise<readonly (string | undefined)[] | undefined> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  try {
    return await listedKeys(matched, interrupt.signal)
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof CommandFailure)) throw error
    const message = `${matched.source.name}: ${printable(error.message)}`
    if (isWriting || interrupt.signal.aborted)
      throw new CommandFailure(message, exitCodes.failed, { cause: error })
    warn(message)
    process.exitCode = exitCodes.failed
    return undefined
  } finally {
    process.removeListener('SIGINT', onInterrupt)
  }
}

/** The ledger first: a source that the configuration has is fetched from. */
async function write(adopted: Adopted, found: readonly Found[], options: ImportOptions): Promise<void> {
  const { to = [], passwords } = options
  const fresh = found.filter(({ configured }) => !configured).map(({ source }) => source)
  const aimless = fresh.find(source => to.length === 0 && source.to.length === 0)
  if (aimless)
    throw new CommandFailure(`where the mail of ${aimless.name} goes is not known: say it with --to`)
  const outcomes = await inOffice(
    options,
    async ({ config, store }) => {
      // Checked before a password is written anywhere.
      if (fresh.length > 0) extendedConfig(config, configText({ sources: fresh }, { to }))
      const passwordFiles =
        passwords === undefined ? new Map() : await writePasswordFiles({ sources: fresh }, passwords)
      const done = await adopt({ sources: found.map(({ source }) => source) }, store)
      if (fresh.length > 0)
        writeConfig(extendedConfig(config, configText({ sources: fresh }, { to, passwordFiles })))
      return done
    },
    { mayBegin: true },
  )
  const remarks = [...adopted.remarks, ...fresh.flatMap(remarksOf)]
  if (options.json) {
    printJson({ sources: outcomes, remarks })
    return
  }
  report(outcomes, fresh, remarks)
  const programs = [...new Set(found.map(({ source }) => source.program))]
  printLine(`stop ${programs.join(' and ')} now: two that fetch from one mailbox take from each other`)
}

function report(
  outcomes: readonly AdoptionOutcome[],
  fresh: readonly AdoptedSource[],
  remarks: readonly string[],
): void {
  for (const remark of remarks) warn(remark)
  for (const { source, added, already } of outcomes)
    printLine(`${source}: taken over ${added}, known before ${already}`)
  if (fresh.length > 0)
    printLine('the configuration has the new sources; a server that runs takes them when it is started again')
}

function show(adopted: Adopted, found: readonly Found[], options: ImportOptions): void {
  const fresh = found.filter(({ configured }) => !configured).map(({ source }) => source)
  const tables = configText({ sources: fresh }, { to: options.to })
  if (options.json) {
    printJson({ sources: found.map(viewOf), remarks: adopted.remarks, files: adopted.files, config: tables })
    return
  }
  for (const remark of adopted.remarks) warn(remark)
  if (found.length === 0) throw new CommandFailure('there is no source in these files')
  printRows(found, options.compare ? [...columns, ...comparedColumns] : columns, {})
  if (tables !== '') printLine(`\n${tables.trimEnd().split('\n').map(printable).join('\n')}`)
  printLine('\nnothing was changed; --write takes it over')
}

const columns: readonly Column<Found>[] = [
  { title: 'source', cell: ({ source }) => source.name },
  { title: 'from', cell: ({ source }) => source.program },
  { title: 'server', cell: ({ source }) => `${source.protocol} ${source.host}` },
  { title: 'user', cell: ({ source }) => source.user ?? '-' },
  { title: 'known', cell: ({ source }) => source.known.length, align: 'right' },
  { title: 'configured', cell: ({ configured }) => (configured ? 'yes' : 'new') },
]

const comparedColumns: readonly Column<Found>[] = [
  { title: 'listed', cell: ({ comparison }) => comparison?.listed ?? '-', align: 'right' },
  { title: 'to fetch', cell: ({ comparison }) => fetched(comparison), align: 'right' },
  { title: 'gone', cell: ({ comparison }) => comparison?.gone ?? '-', align: 'right' },
]

function fetched(comparison: Comparison | undefined): number | string {
  return comparison ? comparison.fresh.length + comparison.nameless : '-'
}

/** For programs: everything but the password. */
function viewOf({ source, configured, comparison }: Found): object {
  const { secret, ...rest } = source
  return {
    ...rest,
    password: secret.kind,
    isInConfig: configured !== undefined,
    ...(comparison && { comparison }),
  }
}

function remarksOf({ name, remarks }: AdoptedSource): string[] {
  return remarks.map(remark => `${name}: ${remark}`)
}

/** Names come out of files that anybody may have written, and may not steer the terminal. */
function warn(text: string): void {
  process.stderr.write(`poplar: ${printable(text)}\n`)
}
