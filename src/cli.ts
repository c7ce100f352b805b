#!/usr/bin/env node
// The `poplar` command.
import { commandsFor } from './cli/commands.ts'
import { runProgram } from './cli/program.ts'

await runProgram(await commandsFor(process.argv), process.argv)
