// `poplar import`: brings mail that another program kept into an account, with its UIDLs, dates, flags and order.
import { Argument, Command, Option } from 'commander'
import type { Account, AccountName } from '../mail/account.ts'
import type { Archive } from '../store/archive/archive.ts'
import { openEml } from '../store/archive/eml.ts'
import { type ImportFate, type ImportReport, importArchive } from '../store/archive/import-archive.ts'
import { openMaildir } from '../store/archive/maildir-reader.ts'
import { openMbox } from '../store/archive/mbox-reader.ts'
import { rehearsalTarget } from '../store/archive/rehearsal.ts'
import { defaultUidlFormat } from '../store/archive/uidl-format.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  userArgument,
  withExamples,
} from './arguments.ts'
import { CommandFailure } from './failure.ts'
import { folderOption, hasFolder } from './folder-option.ts'
import { inOffice, type Office, requireAccount } from './office.ts'
import { printable, printJson, printLine } from './output.ts'
import { startProgress } from './progress.ts'

const formats = { maildir: openMaildir, mbox: openMbox, eml: openEml } satisfies Record<
  string,
  (path: string, options: { uidlFormat?: string }) => Promise<Archive>
>

interface ImportOptions extends ConfigOptions, JsonOptions {
  readonly uidlFormat: string
  readonly once?: boolean
  readonly newUidls?: boolean
  readonly lenient?: boolean
  readonly dryRun?: boolean
  readonly folder?: string
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('bring in mail that another program kept, with its UIDLs, dates, flags and order')
    .addArgument(userArgument())
    .addArgument(new Argument('<format>', 'what the path is').choices(Object.keys(formats)))
    .argument('<path>', 'a Maildir, an mbox file, or an .eml file or a folder of them')
    .addOption(
      new Option('--uidl-format <format>', "the old Dovecot's pop3_uidl_format").default(defaultUidlFormat),
    )
    .addOption(
      new Option(
        '--once',
        'make missing UIDLs out of the octets, so that importing again skips them',
      ).conflicts('newUidls'),
    )
    .option('--new-uidls', 'give every message a new UIDL; clients will fetch everything again')
    .option('--lenient', 'import although the list of UIDLs has faults')
    .option('--dry-run', 'read everything, change nothing')
    .addOption(folderOption('import into this folder (default: INBOX)'))
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (name: AccountName, format: keyof typeof formats, path: string, options: ImportOptions) => {
      await inOffice(options, async office => {
        const account = await requireAccount(office, name)
        const { folder } = options
        if (folder !== undefined && !(await hasFolder(office, account, folder)))
          throw new CommandFailure(`${name} has no folder ${folder}`)
        const archive = await formats[format](path, options)
        acceptFaults(archive, options)
        await runImport(office, account, archive, options)
      })
    })
  return withExamples(command, [
    ['poplar import ann maildir /var/mail/ann/Maildir', 'from Dovecot or Courier; clients notice nothing'],
    ['poplar import ann mbox /var/mail/ann --dry-run', 'see what would happen'],
    ['poplar import ann eml saved-mail/ --once', 'a folder of .eml files, safe to repeat'],
  ])
}

/** A list of UIDLs with faults means clients that fetch again: that is for a person to accept. */
function acceptFaults({ faults }: Archive, { lenient, newUidls }: ImportOptions): void {
  if (faults.length === 0 || newUidls) return
  for (const fault of faults) warn(fault)
  if (!lenient)
    throw new CommandFailure(
      'the list of UIDLs has faults, nothing was imported: with --lenient messages whose UIDL is lost get a new one',
    )
}

async function runImport(
  office: Office,
  account: Account,
  archive: Archive,
  options: ImportOptions,
): Promise<void> {
  const present = await presentUidls(office, account, archive, options)
  const failures: (ImportFate & { fate: 'failed' })[] = []
  const progress = startProgress(archive.total, archive.unit)
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  let shown = 0
  let report: ImportReport
  try {
    report = await importArchive(archive, {
      target: options.dryRun ? rehearsalTarget(account, present) : office.store,
      account,
      uidls: options.newUidls ? 'new' : options.once ? 'once' : 'keep',
      present,
      ...(options.folder !== undefined && { folder: options.folder }),
      signal: interrupt.signal,
      settled(fate) {
        if (fate.fate === 'failed') failures.push(fate)
        progress.advance(archive.position() - shown)
        shown = archive.position()
      },
    })
  } finally {
    progress.stop()
    process.removeListener('SIGINT', onInterrupt)
  }
  for (const { source, reason } of failures) warn(reason.includes(source) ? reason : `${source}: ${reason}`)
  printReport(report, failures, archive, options)
  const { failed, stopped } = report
  if (stopped !== undefined)
    throw new CommandFailure(
      `stopped: ${stopped}; what is in stays, and is skipped next time if its UIDL was kept`,
    )
  if (failed > 0) throw new CommandFailure(`${failed} of the messages could not be imported`)
}

/** What the account has; not asked for where every message gets a UIDL that nobody has. */
async function presentUidls(
  { store }: Office,
  account: Account,
  { uidlSource }: Archive,
  { newUidls, once }: ImportOptions,
): Promise<ReadonlyMap<string, number>> {
  const present = new Map<string, number>()
  if (newUidls || (uidlSource === undefined && !once)) return present
  for await (const { uidl, octets } of store.messages(account)) present.set(uidl, octets)
  return present
}

function printReport(
  report: ImportReport,
  failures: readonly (ImportFate & { fate: 'failed' })[],
  { uidlSource }: Archive,
  { json, dryRun, once, newUidls }: ImportOptions,
): void {
  if (json) {
    printJson({
      ...report,
      dryRun: dryRun === true,
      uidlSource: newUidls ? null : (uidlSource ?? null),
      failures: failures.map(({ source, reason }) => ({ source, reason })),
    })
    return
  }
  const { imported, skipped, failed, renamed } = report
  printLine(`${dryRun ? 'would import' : 'imported'} ${imported}, skipped ${skipped}, failed ${failed}`)
  if (skipped > 0) printLine('skipped: the account has, or had, messages with these UIDLs')
  if (renamed > 0) printLine(`${renamed} got a UIDL of their own, because an earlier message has the same`)
  if (!newUidls && uidlSource !== undefined) printLine(`UIDLs: from ${uidlSource}`)
  else if (once) printLine('UIDLs: made of the octets; importing again skips these messages')
  else printLine('UIDLs: new ones; importing again would double these messages (see --once)')
}

/** File names come from whoever owns the archive, and may not steer the terminal. */
function warn(text: string): void {
  process.stderr.write(`poplar: ${printable(text)}\n`)
}
