// What a case does, for a reader: what holds, where that is written, what it costs, and each thing that is sent and expected.
import type { ConformanceCase } from '../case.ts'

export interface ExplainParts {
  readonly section: string
  /** What is special about a message, by its name. */
  readonly about: (letter: string) => string | undefined
}

export function explanationOf(
  item: Omit<ConformanceCase<never>, 'steps'> & { readonly steps: readonly { readonly explain: string }[] },
  { section, about }: ExplainParts,
): string {
  const { id, title, rfc, severity, cost } = item
  const facts = [`section: ${section}`, `severity: ${severity}`, `rfc: ${rfc}`, `cost: ${cost}`]
  return [
    `${id}: ${title}`,
    ...[...facts, ...demandsOf(item), ...mailOf(item, about)].map(line => `  ${line}`),
    ...stepsOf(item).map((text, at) => `${String(at + 1).padStart(4)}. ${text}`),
    '',
  ].join('\n')
}

/** One text for each thing that is done or expected. */
export function stepsOf({
  steps,
}: {
  readonly steps: readonly { readonly explain: string }[]
}): readonly string[] {
  return steps.flatMap(({ explain }) => explain.split('\n')).filter(text => text !== '')
}

type Demands = Pick<ConformanceCase<never>, 'needs' | 'mail' | 'changesMail' | 'limitMs'>

function demandsOf({ needs = [], changesMail, limitMs }: Demands): readonly string[] {
  return [
    ...(needs.length > 0 ? [`needs: ${needs.join(', ')}`] : []),
    ...(changesMail ? ['changes the mail in the maildrop'] : []),
    ...(limitMs === undefined ? [] : [`may take ${limitMs / 1000} s`]),
  ]
}

function mailOf({ mail = [] }: Demands, about: ExplainParts['about']): readonly string[] {
  if (mail === 'any') return ['mail: any message']
  return mail.map((name, at) => {
    const special = about(name)
    return `message ${at + 1}: ${name}${special === undefined ? '' : `, ${special}`}`
  })
}
