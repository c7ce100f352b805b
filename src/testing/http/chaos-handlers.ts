// The rules of chaos over HTTP: each that was added here has a number to be taken back by.
import type { Chaos, ChaosRule } from '../chaos/chaos.ts'
import type { Handlers } from './endpoints.ts'
import { RequestProblem } from './problem.ts'

interface Added {
  readonly rule: ChaosRule
  readonly remove: () => void
}

const maxRules = 1_000
const maxInjected = 1_000

export function chaosHandlers(chaos: Chaos) {
  const added = new Map<string, Added>()
  let last = 0

  return {
    chaos: () => ({
      rules: [...added].map(([id, { rule }]) => ({ id, rule })),
      injected: chaos.injected
        .slice(-maxInjected)
        .map(({ rule, verb, user }) => ({ rule, verb, user: user ?? null })),
    }),
    addRule({ body: rule }) {
      if (added.size >= maxRules) throw new RequestProblem(409, `there are ${maxRules} rules already`)
      try {
        const remove = chaos.add(rule)
        last += 1
        added.set(String(last), { rule, remove })
      } catch (error) {
        if (error instanceof TypeError) throw new RequestProblem(422, error.message)
        throw error
      }
      return { id: String(last), rule }
    },
    clearChaos() {
      chaos.clear()
      added.clear()
      return undefined
    },
    removeRule({ segments: [id] }) {
      const found = added.get(id)
      if (!found) throw new RequestProblem(404, 'there is no such rule')
      found.remove()
      added.delete(id)
      return undefined
    },
  } satisfies Partial<Handlers>
}
