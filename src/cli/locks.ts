// `poplar locks`: who holds which maildrop open, and taking a lock away from a session that does not end.
import { Command } from 'commander'
import type { AccountName } from '../mail/account.ts'
import type { Lease } from '../mail/maildrop-store.ts'
import {
  type ConfigOptions,
  configOption,
  type JsonOptions,
  jsonOption,
  userArgument,
  withExamples,
} from './arguments.ts'
import { CommandFailure } from './failure.ts'
import { inOffice, requireAccount } from './office.ts'
import { type Column, formatTime, printLine, printRows } from './output.ts'

export function locksCommand(): Command {
  return new Command('locks')
    .description('list and break maildrop locks')
    .addCommand(listCommand())
    .addCommand(breakCommand())
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list the maildrops that a POP3 session holds open, oldest first')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: ConfigOptions & JsonOptions) => {
      await inOffice(options, async ({ store }) => printRows(await store.listLeases(), columns, options))
    })
  return withExamples(command, [['poplar locks list', 'print a table']])
}

function breakCommand(): Command {
  const command = new Command('break')
    .description('free a maildrop; the session that held it can no longer delete anything')
    .addArgument(userArgument())
    .addOption(configOption())
    .action(async (name: AccountName, options: ConfigOptions) => {
      await inOffice(options, async office => {
        await requireAccount(office, name)
        const { store } = office
        const wasHeld = (await store.listLeases()).some(({ accountName }) => accountName === name)
        // Of several who break it at the same time one alone is told that it did.
        if (!(await store.breakLease(name)))
          throw new CommandFailure(
            wasHeld
              ? `the maildrop of ${name} is free already: somebody else was quicker`
              : `nobody holds the maildrop of ${name}`,
          )
        printLine(`the maildrop of ${name} is free`)
      })
    })
  return withExamples(command, [['poplar locks break ann', 'free the maildrop of ann']])
}

const columns: readonly Column<Lease>[] = [
  { title: 'user', cell: lease => lease.accountName },
  { title: 'peer', cell: lease => lease.peer },
  { title: 'session', cell: lease => lease.sessionId },
  { title: 'since', cell: lease => formatTime(lease.since) },
  { title: 'expires', cell: lease => formatTime(lease.expiresAt) },
]
