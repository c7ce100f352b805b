// `poplar doctor`: looks at everything the office stands on, repairs nothing, and says what is wrong and what to do.
import { Command } from 'commander'
import { type Config, loadConfig } from '../config.ts'
import { type ConfigOptions, configOption, type JsonOptions, jsonOption, withExamples } from './arguments.ts'
import { examineAccountSources } from './doctor/account-sources.ts'
import { examineCertificates } from './doctor/certificates.ts'
import { examineCollected } from './doctor/collected-mailboxes.ts'
import { examineClock, examineFolder, examineRoom } from './doctor/data-folder.ts'
import type { Finding } from './doctor/finding.ts'
import { examinePorts, serverOf } from './doctor/ports.ts'
import { examineStore } from './doctor/stored-mail.ts'
import { exitCodes } from './failure.ts'
import { type Column, printRows } from './output.ts'

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description(
      'examine configuration, data folder, certificates, sources of accounts, stored mail, ports and clock; exit 1 when something is wrong',
    )
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: ConfigOptions & JsonOptions) => {
      const findings = await examine(options)
      printRows(findings, columns, options)
      if (findings.some(({ state }) => state === 'wrong')) process.exitCode = exitCodes.failed
    })
  return withExamples(command, [
    ['poplar doctor', 'a line for each thing examined'],
    ['poplar doctor --json', 'an array of objects: what, state (well, note, wrong), finding'],
  ])
}

const columns: readonly Column<Finding>[] = [
  { title: 'what', cell: finding => finding.what },
  { title: 'state', cell: finding => finding.state },
  { title: 'finding', cell: ({ finding }) => finding },
]

async function examine(options: ConfigOptions): Promise<Finding[]> {
  let config: Config
  try {
    config = loadConfig(options.config)
  } catch (error) {
    // Without a configuration there is nothing to look for the rest by.
    const mistakes = error instanceof Error ? error.message.split('\n') : [String(error)]
    return mistakes.map(finding => ({ what: 'configuration', state: 'wrong', finding }))
  }
  const file = config.file ?? 'no file, the defaults'
  const folder = await examineFolder(config.data)
  return [
    { what: 'configuration', state: 'well', finding: file },
    folder,
    await examineRoom(config),
    await examineClock(config.data),
    ...examineCertificates(config),
    ...(await examineAccountSources(config, true)),
    ...examineCollected(config),
    ...(folder.state === 'wrong' ? [] : await examineStore(config)),
    ...(await examinePorts(config, serverOf(config.data))),
  ]
}
