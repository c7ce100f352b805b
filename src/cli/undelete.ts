// `poplar undelete`: brings back what a client took away by mistake, while housekeeping has not freed it.
import { Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import type { UndeleteFilter } from '../mail/recovery-store.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  rejecting,
  userArgument,
  withExamples,
} from './arguments.ts'
import { inOffice, requireAccount } from './office.ts'
import { printJson, printLine } from './output.ts'

interface UndeleteOptions extends ConfigOptions, JsonOptions {
  readonly since?: Date
  readonly session?: string
  readonly message?: string
  readonly dryRun?: boolean
}

export function undeleteCommand(): Command {
  const command = new Command('undelete')
    .description('bring deleted messages back, at the end of their folder, UIDLs unchanged')
    .addArgument(userArgument())
    .option(
      '--since <time>',
      'only those deleted since: a date such as 2026-11-20 or 2026-11-20T19:17Z, or so long ago, such as 2h or 3d',
      rejecting(parseTime),
    )
    .option('--session <id>', 'only those that this session deleted; `poplar deletions` and the log name it')
    .option('--message <uidl>', 'only the message with this unique-id')
    .option('--dry-run', 'count them, change nothing')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(
      async (name: AccountName, { since, session, message, dryRun = false, ...options }: UndeleteOptions) => {
        await inOffice(options, async office => {
          const account = await requireAccount(office, name)
          const { store } = office
          const filter: UndeleteFilter = {
            ...(since && { since }),
            ...(session !== undefined && { sessionId: session }),
            ...(message !== undefined && { uidl: message }),
          }
          const messages = dryRun
            ? await store.countExpunged(account, filter)
            : await store.undelete(account, filter)
          if (options.json) printJson({ user: name, messages, dryRun })
          else printLine(`${dryRun ? 'would bring back' : 'brought back'} ${messages} of ${name}`)
        })
      },
    )
  return withExamples(command, [
    ['poplar undelete ann --dry-run', 'how many there are'],
    ['poplar undelete ann --since 2h', 'all that was deleted within the last two hours'],
    ['poplar undelete ann --session 01KAHM6BZZK1QJ4C4XQ0R9F3VN', 'all that one session deleted'],
  ])
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `2h` before `now`, or a date of ISO 8601, UTC unless it names a zone. Throws a sentence for a person. */
export function parseTime(text: string, now: number = Date.now()): Date {
  const [, count, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)
  const hasZone = text.length === '2026-11-20'.length || /(Z|[+-]\d{2}:\d{2})$/.test(text)
  const time = new Date(
    count !== undefined
      ? now - Number(count) * (unitMs[unit] ?? 0)
      : isDate
        ? hasZone
          ? text
          : `${text}Z`
        : Number.NaN,
  )
  if (!Number.isNaN(time.getTime())) return time
  throw new Error(`${JSON.stringify(text)} is no time such as 2026-11-20, 2026-11-20T19:17Z, 2h or 3d`)
}
