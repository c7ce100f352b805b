// What `poplar collect rebuild` has found, for people and for programs.
import type { Examination } from '../../pop3/collector/rebuild/examination.ts'
import type { Verdict } from '../../pop3/collector/rebuild/judge.ts'
import { type Column, printable, printJson, printLine, printRows } from '../output.ts'

/** Messages that are named; beyond that `--json` lists them. */
const mostNamed = 20

interface Row extends Readonly<Record<Verdict, number>> {
  readonly source: string
  readonly listed: number
}

/** Of messages, those that come again. */
export function printFoundAsJson(source: string, found: Examination, isWritten: boolean): void {
  const { messages, unreadable, readable, fetched } = found
  const open = messages.filter(({ verdict }) => verdict !== 'found' && verdict !== 'kept')
  printJson({ ...rowOf(source, found), readable, unreadable, fetched, isWritten, messages: open })
}

export function printFound(source: string, found: Examination): void {
  printRows([rowOf(source, found)], columns, {})
  for (const sentence of sentencesOf(found)) printLine(`${source}: ${printable(sentence)}`)
}

function rowOf(source: string, { messages }: Examination): Row {
  const counts = { found: 0, partly: 0, kept: 0, missing: 0, uncertain: 0 }
  for (const { verdict } of messages) counts[verdict] += 1
  return { source, listed: messages.length, ...counts }
}

function* sentencesOf({ messages, unreadable, fetched, oddities }: Examination): Generator<string> {
  yield* oddities
  const [first] = unreadable
  if (first !== undefined) yield `${unreadable.length} lines of its ledger cannot be read; ${first}`
  if (fetched > 0) yield `${fetched} messages were fetched in order to be sure`
  const uncertain = messages.filter(({ verdict }) => verdict === 'uncertain')
  for (const { key, reason = '' } of uncertain.slice(0, mostNamed))
    yield `${key} is uncertain, and comes again: ${reason}`
  if (uncertain.length > mostNamed)
    yield `${uncertain.length - mostNamed} more are uncertain; --json lists them`
  const partly = messages.filter(({ verdict }) => verdict === 'partly').length
  if (partly > 0) yield `${partly} are in some destinations; the next run brings them to the others`
  const { length: old } = messages.filter(({ verdict, reason }) => verdict === 'kept' && reason !== undefined)
  if (old > 0) yield `${old} are left alone as on a first run, by \`since\` or \`newest\``
  const stored = messages.filter(({ wasStored }) => wasStored).length
  if (stored > 0)
    yield `${stored} that come again were stored once, as far as the old ledger can be read: they may have been moved or deleted since. --trust-ledger takes its word for it`
}

const columns: readonly Column<Row>[] = [
  { title: 'source', cell: ({ source }) => source },
  { title: 'listed', cell: ({ listed }) => listed, align: 'right' },
  { title: 'found', cell: ({ found }) => found, align: 'right' },
  { title: 'in some', cell: ({ partly }) => partly, align: 'right' },
  { title: 'left alone', cell: ({ kept }) => kept, align: 'right' },
  { title: 'not found', cell: ({ missing }) => missing, align: 'right' },
  { title: 'uncertain', cell: ({ uncertain }) => uncertain, align: 'right' },
]
