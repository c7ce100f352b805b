#!/usr/bin/env node
// The `poplar` command: a table of its commands, each in a file of its own under cli/.
import { aliasCommand } from './cli/alias.ts'
import { appPasswordCommand } from './cli/app-password.ts'
import { backupCommand } from './cli/backup.ts'
import { configCommand } from './cli/config.ts'
import { deletionsCommand } from './cli/deletions.ts'
import { deliverCommand } from './cli/deliver.ts'
import { doctorCommand } from './cli/doctor.ts'
import { exportCommand } from './cli/export.ts'
import { folderCommand } from './cli/folder.ts'
import { importCommand } from './cli/import.ts'
import { locksCommand } from './cli/locks.ts'
import { runProgram } from './cli/program.ts'
import { restoreCommand } from './cli/restore.ts'
import { serveCommand } from './cli/serve.ts'
import { sessionsCommand } from './cli/sessions.ts'
import { topCommand } from './cli/top.ts'
import { traceCommand } from './cli/trace.ts'
import { undeleteCommand } from './cli/undelete.ts'
import { userCommand } from './cli/user.ts'

const commands = [
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
  configCommand,
]

await runProgram(commands, process.argv)
