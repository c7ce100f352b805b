// `poplar top`: what the running server does, refreshed each second. The screen is the terminal's second one, and the first
// comes back however the command ends.
import { Command, Option } from 'commander'
import type { Load } from '../control/api.ts'
import { configOption, withExamples } from './arguments.ts'
import { type ControlOptions, socketOption } from './control-options.ts'
import { loadScreen, type ScreenSize } from './load-screen.ts'
import { printJson, printLine } from './output.ts'

interface TopOptions extends ControlOptions {
  readonly once?: boolean
  readonly json?: boolean
}

export function topCommand(): Command {
  const command = new Command('top')
    .description('watch the running server: sessions, rates, who is busiest; q ends it')
    .addOption(new Option('--once', 'print what happened within one second, and end'))
    .addOption(new Option('--json', 'the same as JSON'))
    .addOption(configOption())
    .addOption(socketOption())
    .action(async (options: TopOptions) => {
      const isScreen = process.stdout.isTTY && process.stdin.isTTY
      if (isScreen && !options.once && !options.json) await watch(options)
      else await printOnce(options)
    })
  return withExamples(command, [
    ['poplar top', 'watch until q is pressed'],
    ['poplar top --once', 'print one frame'],
  ])
}

const anySize: ScreenSize = { columns: 500, rows: 500 }

async function printOnce(options: TopOptions): Promise<void> {
  const { followControl } = await import('./control-client.ts')
  for await (const load of followControl('load', options)) {
    if (options.json) printJson(load)
    else for (const line of loadScreen(load, anySize)) printLine(line)
    return
  }
}

const escape = '\x1b['
const enter = `${escape}?1049h${escape}?25l`
const leave = `${escape}?25h${escape}?1049l`
const [home, clearLine, clearBelow] = [`${escape}H`, `${escape}K`, `${escape}J`]
const ctrlC = '\x03'

async function watch(options: TopOptions): Promise<void> {
  const { followControl } = await import('./control-client.ts')
  const { stdin, stdout } = process
  const stop = new AbortController()
  const end = () => stop.abort()
  let latest: Load | undefined
  const draw = () => {
    const lines = latest ? loadScreen(latest, { columns: stdout.columns, rows: stdout.rows }) : ['one moment']
    stdout.write(`${home}${lines.join(`${clearLine}\r\n`)}${clearLine}${clearBelow}`)
  }
  const onKey = (keys: Buffer) => {
    if (/q/i.test(keys.toString()) || keys.includes(ctrlC)) end()
  }
  stdout.write(enter)
  stdin.setRawMode(true).on('data', onKey)
  stdout.on('resize', draw)
  process.once('SIGTERM', end).once('SIGINT', end).once('SIGHUP', end)
  try {
    draw()
    for await (const load of followControl('load', options, { signal: stop.signal })) {
      latest = load
      draw()
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    stdout.off('resize', draw)
    stdin.off('data', onKey).setRawMode(false).pause()
    stdout.write(leave)
  }
}
