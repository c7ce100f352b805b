// The collector as one-shot commands see it: the sources of the configuration, over the store beside a running server.

import { type CollectConfig, deliveryRules } from '../../config.ts'
import type { CollectedRecord, CollectedSource } from '../../mail/collection-ledger.ts'
import { createMailDelivery } from '../../mail/delivery/deliver.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import type { Office } from '../office.ts'
import { readSecret } from '../terminal.ts'

const maxSecretOctets = 16_384

/** All sources, or those of these names. Fails for a name that is none. */
export function chosenSources({ config }: Office, names: readonly string[]): readonly CollectConfig[] {
  const known = config.collect.map(({ name }) => name)
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) {
    const rest = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`
    throw new CommandFailure(`no source ${unknown} is configured: ${rest}`, exitCodes.usage)
  }
  if (known.length === 0)
    throw new CommandFailure('no source is configured: [[collect]] in the configuration file names one')
  return names.length === 0 ? config.collect : config.collect.filter(({ name }) => names.includes(name))
}

/** What the ledger says of a source, configured or not. Fails where it says nothing. */
export async function requireCollected({ store }: Office, name: string): Promise<CollectedSource> {
  const source = await store.findSource(name)
  if (source) return source
  throw new CommandFailure(`nothing was ever collected from a source ${name}`)
}

/** The record with this key. */
export async function requireRecord({ store }: Office, name: string, key: string): Promise<CollectedRecord> {
  const record = (await store.loadRecords(name)).get(key)
  if (record) return record
  throw new CommandFailure(
    `no message ${key} of ${name} is known; \`poplar collect list ${name}\` shows keys`,
  )
}

/** As mail that came in by SMTP. */
export function localDelivery({ config, store }: Office) {
  return createMailDelivery({
    directory: store,
    target: store,
    ...deliveryRules(config),
    // What another server has kept was let in there: here it smuggles nothing.
    bareNewline: 'normalize',
  })
}

/** Asks at the terminal, one question at a time. */
export function askingAtTerminal(): (question: string) => Promise<string> {
  let turn: Promise<unknown> = Promise.resolve()
  return question => {
    const answer = turn.then(async () => {
      const octets = await readSecret({}, { question: `${question} `, maxOctets: maxSecretOctets })
      return Buffer.from(octets).toString()
    })
    turn = answer.catch(() => undefined)
    return answer
  }
}
