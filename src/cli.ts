#!/usr/bin/env node
// The `poplar` command.
import { commands } from './cli/commands.ts'
import { runProgram } from './cli/program.ts'

await runProgram(commands, process.argv)
