// `poplar serve`: the server in the foreground. Its parts are loaded when it runs, so that all other commands start without
// them, `deliver` above all.
import { Command } from 'commander'
import { configOption, withExamples } from './arguments.ts'
import type { ServeOptions } from './serving.ts'
import { addTestOptions, refuseTestOptions, type TestServeOptions } from './test-office-options.ts'

interface Options extends ServeOptions, TestServeOptions {
  readonly test?: true
}

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the mail office until SIGTERM or SIGINT; SIGHUP reloads the configuration')
    .option('--demo [folder]', 'serve users and messages to look at, in a data folder of their own')
    .option('--json', 'print one line of JSON when ready, and the log as JSON')
    .addOption(configOption())
    .action(async (options: Options) => {
      if (options.test) {
        const { serveTests } = await import('./serving-tests.ts')
        return serveTests(options)
      }
      refuseTestOptions(options)
      const { serve } = await import('./serving.ts')
      await serve(options)
    })
  return withExamples(addTestOptions(command), [
    ['poplar serve', 'serve POP3, SMTP and LMTP on loopback ports'],
    ['poplar serve --config /etc/poplar.toml', 'serve what a configuration says'],
    ['poplar serve --demo', 'serve users and mail that are made up'],
    ['poplar serve --test', 'serve tests in any language: POP3, SMTP, and HTTP to see what came'],
    ['poplar serve --test --ephemeral --json', 'the same on free ports, told in one line of JSON'],
  ])
}
