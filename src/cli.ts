#!/usr/bin/env node
// The `poplar` command: a table of its commands, each in a file of its own under cli/.
import { runProgram } from './cli/program.ts'
import { userCommand } from './cli/user.ts'

const commands = [userCommand]

await runProgram(commands, process.argv)
