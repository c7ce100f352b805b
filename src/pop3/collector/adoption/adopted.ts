// What is taken over: sources with names of ours, each with the messages that are known of it.
import type { ForeignKnown, ForeignSource, KnownMessage } from './foreign.ts'

export interface AdoptedSource extends ForeignSource {
  /** In our configuration and ledger; no two have the same. */
  readonly name: string
  /** False where only a list of messages tells of it: how its server is reached is then a guess. */
  readonly isConfigured: boolean
  /** No key twice. */
  readonly known: readonly KnownMessage[]
  /** Files that tell of them. */
  readonly knownFrom: readonly string[]
  /** A `-` in a key may be a `/` of the server's. */
  readonly hasFoldedSlashes: boolean
}

export interface Adopted {
  readonly sources: readonly AdoptedSource[]
  /** Sentences about what belongs to no source. */
  readonly remarks: readonly string[]
  /** All files that were read, those that others name included. */
  readonly files: readonly string[]
}

/** Brings mailboxes and what was fetched of them together. */
export function joinForeign(
  sources: readonly ForeignSource[],
  known: readonly ForeignKnown[],
): readonly AdoptedSource[] {
  const names = new Set<string>()
  const taken = new Set<ForeignKnown>()
  const adopted = sources.map(source => {
    const own = known.filter(list => isOf(list, source))
    for (const list of own) taken.add(list)
    return adoptedSource(source, own, nameFor(source.label, names), true)
  })
  const rest = known.filter(list => !taken.has(list))
  return [
    ...adopted,
    ...rest.map(list => {
      const source = sourceOfKnown(list)
      return adoptedSource(source, [list], nameFor(source.label, names), false)
    }),
  ]
}

function isOf(list: ForeignKnown, source: ForeignSource): boolean {
  if (list.program !== source.program || source.stateFiles.length === 0) return false
  if (list.port !== undefined && list.port !== source.port) return false
  if (list.host.toLowerCase() !== source.host.toLowerCase()) return false
  // Lists are read octet for octet, configurations are not.
  const user = Buffer.from(list.user, 'latin1').toString('utf8')
  if (list.user === source.user || user === source.user) return true
  return list.program === 'fetchmail' && list.user.toLowerCase() === source.user?.toLowerCase()
}

function adoptedSource(
  source: ForeignSource,
  lists: readonly ForeignKnown[],
  name: string,
  isConfigured: boolean,
): AdoptedSource {
  const known = new Map<string, KnownMessage>()
  for (const { messages } of lists)
    for (const message of messages) if (!known.has(message.key)) known.set(message.key, message)
  const nothing =
    lists.length === 0 && source.stateFiles.length > 0
      ? [
          `nothing is known of what ${source.program} has fetched of it: ${source.stateFiles.join(' or ')} is not there`,
        ]
      : []
  return {
    ...source,
    name,
    isConfigured,
    known: [...known.values()],
    knownFrom: [...new Set(lists.map(({ file }) => file))],
    hasFoldedSlashes: lists.some(list => list.hasFoldedSlashes === true),
    remarks: [...source.remarks, ...lists.flatMap(({ remarks }) => remarks), ...nothing],
  }
}

function sourceOfKnown({ program, file, host, user, port }: ForeignKnown): ForeignSource {
  return {
    program,
    file,
    label: `${user}@${host}`,
    protocol: 'pop3',
    host,
    port,
    user,
    tls: port === 110 ? 'stls' : 'implicit',
    secret: { kind: 'elsewhere' },
    keep: 'all',
    to: [],
    folders: [],
    stateFiles: [],
    remarks: ['only the list of its messages is here: how its server is reached is a guess'],
  }
}

/** Letters, digits and a few signs; a number behind where another has it. */
function nameFor(label: string, names: Set<string>): string {
  const plain =
    label
      .replace(/[^A-Za-z0-9.@_-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+|-+$/g, '')
      .slice(0, 60) || 'mailbox'
  let name = plain
  for (let number = 2; names.has(name); number += 1) name = `${plain}-${number}`
  names.add(name)
  return name
}
