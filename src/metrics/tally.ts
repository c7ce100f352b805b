// What is counted while the office works: cells that a hot path finds once and then only adds to, so that a command costs no
// object. prom-client, whose own counters look their labels up at each step, reads the cells when somebody asks.
import type { Metric, Registry } from 'prom-client'

/** A number that only rises. */
export class Count {
  value = 0
}

/** The upper bounds of buckets, in seconds: from a NOOP to a message that a slow reader takes. */
export const durationBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60,
]

/** How long something took, as a histogram. */
export class Durations {
  /** In each bucket alone; the last has what is above all bounds. */
  readonly counts: number[]
  sumMs = 0
  readonly #boundsMs: readonly number[]

  constructor(bounds: readonly number[] = durationBounds) {
    this.#boundsMs = bounds.map(bound => bound * 1000)
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(durationMs: number): void {
    const bounds = this.#boundsMs
    let bucket = 0
    while (bucket < bounds.length && durationMs > (bounds[bucket] ?? 0)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sumMs += durationMs
  }
}

export interface FamilyOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Called before the cells are read, to fill them. */
  readonly collect?: () => void
}

interface Child<C> {
  readonly labels: Readonly<Record<string, string>>
  readonly cell: C
}

/** One value of a label after the other leads to a cell: a text of all of them would be made at each step. */
interface Branch<C> {
  readonly byValue: Map<string, Branch<C>>
  cell: C | undefined
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

/** Values of labels are of our own making; should one not be, it ends here. */
const maxChildren = 1_000
/** Stands for whatever is too much. */
export const otherLabel = 'other'

/** The cells of one metric, by the values of its labels. */
abstract class Family<C> {
  readonly name: string
  readonly help: string
  abstract readonly type: 'counter' | 'histogram'
  readonly labelNames: readonly string[]
  readonly #collect: (() => void) | undefined
  readonly #root = createBranch<C>()
  readonly #children: Child<C>[] = []

  constructor({ name, help, labelNames, collect }: FamilyOptions) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#collect = collect
  }

  /** The cell of these values, in the order of `labelNames`; made when it is asked for first. */
  of(...values: readonly string[]): C {
    let branch: Branch<C> | undefined = this.#root
    for (const value of values) {
      branch = branch.byValue.get(value)
      if (!branch) return this.#add(values)
    }
    return branch.cell ?? this.#add(values)
  }

  #add(values: readonly string[]): C {
    if (this.#children.length >= maxChildren && values.some(value => value !== otherLabel))
      return this.of(...values.map(() => otherLabel))
    let branch = this.#root
    for (const value of values) {
      const next = branch.byValue.get(value) ?? createBranch<C>()
      branch.byValue.set(value, next)
      branch = next
    }
    const labels = Object.fromEntries(this.labelNames.map((name, index) => [name, values[index] ?? '']))
    const cell = this.create()
    branch.cell = cell
    this.#children.push({ labels, cell })
    return cell
  }

  /** What prom-client's registry asks of a metric. */
  async get() {
    this.#collect?.()
    const values = this.#children.flatMap(({ labels, cell }) => this.samples(labels, cell))
    return { name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' }
  }

  registerIn(registry: Registry): this {
    // The registry's type wants one of its own classes; all it ever calls is `get`.
    registry.registerMetric(this as unknown as Metric)
    return this
  }

  protected abstract create(): C
  protected abstract samples(labels: Child<C>['labels'], cell: C): readonly Sample[]
}

function createBranch<C>(): Branch<C> {
  return { byValue: new Map(), cell: undefined }
}

export class CountFamily extends Family<Count> {
  readonly type = 'counter'

  protected create(): Count {
    return new Count()
  }

  protected samples(labels: Child<Count>['labels'], { value }: Count): readonly Sample[] {
    return [{ labels, value }]
  }
}

export class DurationFamily extends Family<Durations> {
  readonly type = 'histogram'

  protected create(): Durations {
    return new Durations()
  }

  protected samples(labels: Child<Durations>['labels'], { counts, sumMs }: Durations): readonly Sample[] {
    let count = 0
    const buckets = [...durationBounds, '+Inf'].map((le, bucket) => {
      count += counts[bucket] ?? 0
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count }
    })
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sumMs / 1000 },
      { metricName: `${this.name}_count`, labels, value: count },
    ]
  }
}
