// `poplar collect`: mail of other accounts, fetched by hand; and what is to be seen and mended of what `poplar serve` fetches.
import { Command } from 'commander'
import { collectImportCommand } from './collect/import.ts'
import { collectLoginCommand } from './collect/login.ts'
import {
  collectForgetCommand,
  collectResumeCommand,
  collectRetryCommand,
  collectSkipCommand,
} from './collect/mending.ts'
import { collectRebuildCommand } from './collect/rebuild.ts'
import { collectRunCommand } from './collect/run.ts'
import { collectListCommand, collectStatusCommand } from './collect/status.ts'

export function collectCommand(): Command {
  const command = new Command('collect').description('fetch the mail of other accounts, as [[collect]] says')
  for (const make of [
    collectRunCommand,
    collectStatusCommand,
    collectListCommand,
    collectRetryCommand,
    collectSkipCommand,
    collectResumeCommand,
    collectForgetCommand,
    collectRebuildCommand,
    collectLoginCommand,
    collectImportCommand,
  ])
    command.addCommand(make())
  return command
}
