// `poplar serve`: the server in the foreground. Its parts are loaded when it runs, so that all other commands start without
// them, `deliver` above all.
import { Command } from 'commander'
import { configOption, withExamples } from './arguments.ts'
import type { ServeOptions } from './serving.ts'

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the mail office until SIGTERM or SIGINT; SIGHUP reloads the configuration')
    .option('--demo [folder]', 'serve users and messages to look at, in a data folder of their own')
    .option('--json', 'print one line of JSON when ready, and the log as JSON')
    .addOption(configOption())
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serving.ts')
      await serve(options)
    })
  return withExamples(command, [
    ['poplar serve', 'serve POP3, SMTP and LMTP on loopback ports'],
    ['poplar serve --config /etc/poplar.toml', 'serve what a configuration says'],
    ['poplar serve --demo', 'serve users and mail that are made up'],
  ])
}
