// What happens to the machine: the process is killed, the disk fills up. One at a time, again and again.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Field, note } from './field.ts'
import type { Office } from './office.ts'

type Fault = (office: Office, field: Field) => Promise<void>

const faults: Readonly<Record<string, Fault>> = {
  'kill -9': async office => {
    await office.kill()
    await office.start()
  },
  'restart (SIGTERM)': async office => {
    await office.stop()
    await office.start()
  },
  'full disk': async (office, { random }) => {
    const empty = office.fillDisk()
    try {
      await sleep(random.between(1_000, 4_000))
    } finally {
      empty()
    }
  },
}

const names = Object.keys(faults)

/** Lets things happen until `isOver`. An office that ends by itself is a violation. */
export async function letThingsHappen(office: Office, field: Field, isOver: () => boolean): Promise<void> {
  const { random, ledger } = field
  while (!isOver()) {
    await sleep(random.between(2_000, 8_000))
    const { end } = office
    if (end !== undefined) {
      ledger.violate(`the office ended by itself (${end})`)
      await office.start()
    }
    const name = random.one(names)
    if (name === 'full disk' && !office.canBeFull) continue
    note(field, `fault: ${name}`)
    await faults[name]?.(office, field)
  }
}
