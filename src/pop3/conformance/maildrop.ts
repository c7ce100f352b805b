// The maildrop under test, brought into the state that a case asks for: it holds exactly these letters, in this order.
// Mail that is not ours is never touched without leave.
import { Failure, Unable } from '../../conformance/case.ts'
import type { Deliver } from '../../conformance/delivery.ts'
import { pause } from '../../conformance/steps.ts'
import { type Letter, type LetterName, letter, letterField } from './letters.ts'
import { MaildropSession, type SessionOptions } from './maildrop-session.ts'

export interface MaildropOptions extends SessionOptions {
  readonly deliver: Deliver | undefined
  readonly seed: string
  /** Leave to delete mail that is not ours. */
  readonly mayDeleteForeign: boolean
}

/** How long mail may be on its way. */
const arrivalMs = 10_000
const pollMs = 30
/** Some servers order by the second in which mail came. */
const orderGapMs = 1_100

export class CheckedMaildrop {
  readonly #options: MaildropOptions
  /** What lies in it, as far as is known. */
  #held: readonly LetterName[] | undefined

  constructor(options: MaildropOptions) {
    this.#options = options
  }

  /** The letters in it, in order; none when that is not known. */
  get letters(): readonly Letter[] {
    return (this.#held ?? []).map(name => letter(name, this.#options.seed))
  }

  /** Nothing is known of it from now on. */
  forget(): void {
    this.#held = undefined
  }

  /** Makes it hold these; `any`: one at least. Throws `Unable` where that cannot be. */
  async hold(names: readonly LetterName[] | 'any'): Promise<void> {
    if (names === 'any') {
      if ((this.#held?.length ?? 0) > 0 || (await this.#count()) > 0) return
      return this.hold(['plain'])
    }
    if (isSame(this.#held, names)) return
    try {
      await this.#fill(names, 0)
      if ((await this.#namesHeld()).join() !== names.join()) {
        this.forget()
        await this.#fill(names, orderGapMs)
        const held = await this.#namesHeld()
        if (held.join() !== names.join())
          throw new Unable(`the maildrop should hold ${names.join(', ')}, and holds ${held.join(', ')}`)
      }
    } catch (error) {
      this.forget()
      if (error instanceof Failure) throw new Unable(`the maildrop cannot be filled: ${error.message}`)
      throw error
    }
    this.#held = names
  }

  /** Delivers one more; a new session sees it. Where a session has the maildrop open nobody looks whether it has come. */
  async add(name: LetterName, state?: 'open'): Promise<void> {
    this.forget()
    const before = state === 'open' ? undefined : await this.#count().catch(() => undefined)
    await this.#deliver(name)
    if (before === undefined) return
    // The case may have the maildrop open all the same: then nobody else can look.
    await this.#arrival(before + 1).catch(() => undefined)
  }

  async #fill(names: readonly LetterName[], gapMs: number): Promise<void> {
    const { deliver } = this.#options
    const held = this.#held
    const isBeginning = held !== undefined && held.every((name, index) => name === names[index])
    if (!isBeginning) await this.#empty()
    const missing = names.slice(isBeginning ? held.length : 0)
    if (missing.length > 0 && !deliver) throw new Unable('there is no way to deliver mail (--deliver)')
    for (const name of missing) {
      await this.#deliver(name)
      await pause(gapMs)
    }
    await this.#arrival(names.length)
  }

  async #deliver(name: LetterName): Promise<void> {
    await this.#options.deliver?.(letter(name, this.#options.seed).octets)
  }

  async #empty(): Promise<void> {
    const { mayDeleteForeign } = this.#options
    await MaildropSession.use(this.#options, async session => {
      const count = await session.count()
      for (let number = 1; number <= count; number++) {
        const isOurs = mayDeleteForeign || (await session.header(number)).includes(letterField)
        if (!isOurs) throw new Unable('the maildrop holds mail that is not ours (--destructive deletes it)')
        await session.delete(number)
      }
    })
  }

  #count(): Promise<number> {
    return MaildropSession.use(this.#options, session => session.count())
  }

  async #arrival(count: number): Promise<void> {
    const untilMs = performance.now() + arrivalMs
    for (;;) {
      const there = await this.#count()
      if (there === count) return
      if (performance.now() > untilMs)
        throw new Unable(
          `${count} messages were delivered, and after ${arrivalMs / 1000} s there are ${there}`,
        )
      await pause(pollMs)
    }
  }

  /** By the field that each has. */
  #namesHeld(): Promise<readonly string[]> {
    return MaildropSession.use(this.#options, async session => {
      const names: string[] = []
      const count = await session.count()
      for (let number = 1; number <= count; number++) names.push(nameIn(await session.header(number)))
      return names
    })
  }
}

function nameIn(header: string): string {
  return new RegExp(`^${letterField}: (\\S+)`, 'm').exec(header)?.[1] ?? 'mail that is not ours'
}

function isSame(held: readonly LetterName[] | undefined, names: readonly LetterName[]): boolean {
  return held !== undefined && held.join() === names.join()
}
