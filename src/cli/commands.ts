// The commands of `poplar`, each in a file of its own, in the order in which help and manual pages show them.
import type { Command } from 'commander'
import { aliasCommand } from './alias.ts'
import { appPasswordCommand } from './app-password.ts'
import { backupCommand } from './backup.ts'
import { checkCommand } from './check.ts'
import { collectCommand } from './collect.ts'
import { configCommand } from './config.ts'
import { deletionsCommand } from './deletions.ts'
import { deliverCommand } from './deliver.ts'
import { doctorCommand } from './doctor.ts'
import { exportCommand } from './export.ts'
import { folderCommand } from './folder.ts'
import { getCommand } from './get.ts'
import { importCommand } from './import.ts'
import { locksCommand } from './locks.ts'
import { probeCommand } from './probe.ts'
import { restoreCommand } from './restore.ts'
import { serveCommand } from './serve.ts'
import { sessionsCommand } from './sessions.ts'
import { topCommand } from './top.ts'
import { traceCommand } from './trace.ts'
import { undeleteCommand } from './undelete.ts'
import { userCommand } from './user.ts'

export const commands: readonly (() => Command)[] = [
  serveCommand,
  userCommand,
  appPasswordCommand,
  aliasCommand,
  deliverCommand,
  folderCommand,
  importCommand,
  exportCommand,
  undeleteCommand,
  deletionsCommand,
  backupCommand,
  restoreCommand,
  locksCommand,
  sessionsCommand,
  traceCommand,
  topCommand,
  doctorCommand,
  collectCommand,
  checkCommand,
  probeCommand,
  getCommand,
  configCommand,
]
