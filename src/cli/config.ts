// `poplar config`: what the configuration says, whether it is good, and one to begin with.
import { Command } from 'commander'
import { exampleConfig, loadConfig } from '../config.ts'
import { type ConfigOptions, configOption, withExamples } from './arguments.ts'
import { printJson, printLine } from './output.ts'

export function configCommand(): Command {
  return new Command('config')
    .description('check and print the configuration')
    .addCommand(checkCommand())
    .addCommand(printCommand())
    .addCommand(exampleCommand())
}

function checkCommand(): Command {
  const command = new Command('check')
    .description('read the configuration and name every mistake with its line')
    .addOption(configOption())
    .action((options: ConfigOptions) => {
      const { file } = loadConfig(options.config)
      printLine(`${file ?? 'no file, the defaults'}: no mistakes`)
    })
  return withExamples(command, [['poplar config check --config new.toml', 'before SIGHUP or a restart']])
}

function printCommand(): Command {
  const command = new Command('print')
    .description(
      'print the configuration in force as JSON, defaults filled in; times in milliseconds, sizes in octets',
    )
    .addOption(configOption())
    .action((options: ConfigOptions) => printJson(loadConfig(options.config)))
  return withExamples(command, [['poplar config print', 'what ./poplar.toml or the defaults come to']])
}

function exampleCommand(): Command {
  const command = new Command('example')
    .description('print a configuration with every key, its default and its meaning')
    .addOption(configOption().hideHelp())
    .action(() => printLine(exampleConfig().trimEnd()))
  return withExamples(command, [['poplar config example > poplar.toml', 'begin a configuration']])
}
