// `poplar config`: what the configuration says, whether it is good, and one to begin with.
import { Command } from 'commander'
import { type Config, exampleConfig, loadConfig } from '../config.ts'
import { type ConfigOptions, configOption, withExamples } from './arguments.ts'
import { examineAccountSources } from './doctor/account-sources.ts'
import { examineCertificates } from './doctor/certificates.ts'
import { examineCollected } from './doctor/collected-mailboxes.ts'
import { CommandFailure } from './failure.ts'
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
    .description('read the configuration and the files it names, and tell every mistake')
    .addOption(configOption())
    .action(async (options: ConfigOptions) => {
      const config = loadConfig(options.config)
      const findings = [
        ...examineCertificates(config),
        ...(await examineAccountSources(config, false)),
        ...examineCollected(config),
      ]
      const faults = findings.filter(({ state }) => state === 'wrong')
      for (const { what, finding } of findings.filter(({ state }) => state !== 'well'))
        printLine(`${what}: ${finding}`)
      if (faults.length > 0) throw new CommandFailure(`${faults.length} of the files it names cannot be used`)
      printLine(`${config.file ?? 'no file, the defaults'}: no mistakes`)
    })
  return withExamples(command, [['poplar config check --config new.toml', 'before SIGHUP or a restart']])
}

function printCommand(): Command {
  const command = new Command('print')
    .description(
      'print the configuration in force as JSON, defaults filled in; times in milliseconds, sizes in octets',
    )
    .addOption(configOption())
    .action((options: ConfigOptions) => printJson(withoutSecrets(loadConfig(options.config))))
  return withExamples(command, [['poplar config print', 'what ./poplar.toml or the defaults come to']])
}

/** A password in the URL of a database or of a proxy is nobody's business here. */
function withoutSecrets({ sql, collect, ...config }: Config): Config {
  return {
    ...config,
    sql: { ...sql, url: withoutPassword(sql.url) },
    collect: collect.map(source => ({ ...source, proxy: withoutPassword(source.proxy) })),
  }
}

function withoutPassword(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return text
  const url = new URL(text)
  if (url.password === '') return text
  url.password = '***'
  return url.href
}

function exampleCommand(): Command {
  const command = new Command('example')
    .description('print a configuration with every key, its default and its meaning')
    .addOption(configOption().hideHelp())
    .action(() => printLine(exampleConfig().trimEnd()))
  return withExamples(command, [['poplar config example > poplar.toml', 'begin a configuration']])
}
