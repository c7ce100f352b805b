// The command line of the benchmark.
import { parseArgs } from 'node:util'
import { type ScenarioName, scenarioNames } from './scenarios.ts'
import { type KeyKind, keyKinds } from './servers/certificate.ts'
import { type ContenderName, contenderNames } from './servers/contender.ts'

export interface Options {
  readonly scenarios: readonly ScenarioName[]
  readonly servers: readonly ContenderName[]
  readonly rounds: number
  readonly measureMs: number
  readonly warmUpMs: number
  readonly sessions: number
  /** Of the certificate that all servers show. */
  readonly keyKind: KeyKind
  /** Where the results are written; undefined writes none. */
  readonly jsonFile: string | undefined
  /** The folder for CPU profiles of Poplar; undefined takes none. */
  readonly profileFolder: string | undefined
}

export const usage = `npm run bench -- [options]

  --scenario NAMES  of ${scenarioNames.join(',')} (default: all)
  --servers NAMES   of ${contenderNames.join(',')} (default: poplar,dovecot)
  --rounds N        measurements of each; the median counts (default 3)
  --seconds N       how long each measurement takes (default 4)
  --sessions N      sessions at once (default 32)
  --key KIND        of the certificate: ecdsa (P-256, default) or rsa (2048)
  --json FILE       where the results go (default: bench/results.json, for a whole run only)
  --quick           one round of one second: to see whether all works; the figures mean little
  --profile FOLDER  Poplar alone, one round, under node --cpu-prof; prints where the time went
`

/** Throws a sentence for a person. */
export function parseOptions(args: readonly string[], resultsFile: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string' },
      servers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      sessions: { type: 'string' },
      key: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean' },
      profile: { type: 'string' },
    },
  })
  const { quick = false, profile } = values
  const seconds = number('--seconds', values.seconds, quick ? 1 : 4)
  const isWhole = Object.keys(values).length === 0
  return {
    scenarios: names('--scenario', values.scenario, scenarioNames, scenarioNames),
    servers: profile ? ['poplar'] : names('--servers', values.servers, contenderNames, ['poplar', 'dovecot']),
    rounds: profile ? 1 : number('--rounds', values.rounds, quick ? 1 : 3),
    measureMs: seconds * 1000,
    warmUpMs: quick ? 500 : 2000,
    sessions: number('--sessions', values.sessions, 32),
    keyKind: names('--key', values.key, keyKinds, ['ecdsa'])[0] ?? 'ecdsa',
    jsonFile: values.json ?? (isWhole ? resultsFile : undefined),
    profileFolder: profile,
  }
}

function names<T extends string>(
  option: string,
  text: string | undefined,
  known: readonly T[],
  byDefault: readonly T[],
): readonly T[] {
  if (text === undefined) return byDefault
  return text.split(',').map(name => {
    const match = known.find(candidate => candidate === name)
    if (!match) throw new Error(`${option}: ${JSON.stringify(name)} is none of ${known.join(', ')}`)
    return match
  })
}

function number(option: string, text: string | undefined, byDefault: number): number {
  const value = text === undefined ? byDefault : Number(text)
  if (!(value > 0)) throw new Error(`${option} takes a number above 0`)
  return value
}
