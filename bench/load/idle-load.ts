// Sessions that do nothing: logged in by the thousand, held until told otherwise.
import type { IdleJob, IdleStep } from './job.ts'
import { Pop3Client, statOf } from './pop3-client.ts'

/** Does each step it is told and reports it, until its parent lets go. */
export function runIdleLoad({ port, maildrops }: IdleJob, report: (step: IdleStep) => void): Promise<never> {
  let open: Pop3Client[] = []
  const openAll = async () => {
    const queue = [...maildrops]
    const work = async () => {
      for (let maildrop = queue.shift(); maildrop; maildrop = queue.shift()) {
        const client = await Pop3Client.connect(port)
        await client.login(maildrop)
        const status = await client.command('STAT')
        if (status !== statOf(maildrop)) throw new Error(`STAT of ${maildrop.name}: ${status}`)
        open.push(client)
      }
    }
    await Promise.all(Array.from({ length: 16 }, work))
  }
  const closeAll = async () => {
    await Promise.all(open.map(client => client.quit()))
    open = []
  }
  const steps: Record<IdleStep, () => Promise<void>> = {
    visit: async () => {
      await openAll()
      await closeAll()
    },
    open: openAll,
    close: closeAll,
  }
  return new Promise((_resolve, reject) => {
    process.on('message', (step: IdleStep) => {
      steps[step]().then(() => report(step), reject)
    })
  })
}
