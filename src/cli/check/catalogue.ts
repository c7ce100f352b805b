// `poplar check --list` and `--explain`: what the cases are, without a server.
import { explanationOf } from '../../conformance/report/explain.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { type Column, printLine, printRows } from '../output.ts'
import { type AnyCase, allSuites, type SuiteKind } from './suites.ts'

interface Listed {
  readonly section: string
  readonly id: string
  readonly severity: string
  readonly rfc: string
  readonly title: string
}

const columns: readonly Column<Listed>[] = [
  { title: 'section', cell: ({ section }) => section },
  { title: 'case', cell: ({ id }) => id },
  { title: 'severity', cell: ({ severity }) => severity },
  { title: 'rfc', cell: ({ rfc }) => rfc },
  { title: 'holds', cell: ({ title }) => title },
]

/** All cases of the suites given, or those of some sections and cases. */
export function listCases(kinds: readonly SuiteKind[], only: readonly string[]): void {
  const rows = found(kinds, only).map(({ section, item: { id, severity, rfc, title } }) => ({
    section,
    id,
    severity,
    rfc,
    title,
  }))
  printRows(rows, columns, {})
}

/** A case, or each of a section. */
export function explainCases(name: string): void {
  const kinds = allSuites
  const all = found(kinds, [name])
  for (const { kind, section, item } of all)
    printLine(explanationOf(item, { section, about: letter => kind.about(letter) }).trimEnd())
}

interface Found {
  readonly kind: SuiteKind
  readonly section: string
  readonly item: AnyCase
}

/** Throws when a name is neither a section nor a case. */
export function found(kinds: readonly SuiteKind[], only: readonly string[]): readonly Found[] {
  const all = kinds.flatMap(kind =>
    kind.sections.flatMap(({ name, cases }) => cases.map(item => ({ kind, section: name, item }))),
  )
  for (const name of only)
    if (!all.some(({ section, item }) => section === name || item.id === name))
      throw new CommandFailure(
        `there is no section and no case \`${name}\`; --list shows them`,
        exitCodes.usage,
      )
  return only.length === 0
    ? all
    : all.filter(({ section, item }) => only.includes(section) || only.includes(item.id))
}
