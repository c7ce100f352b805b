// Sessions that do nothing: logged in by the thousand, held until told otherwise.
import type { MaildropFacts } from '../corpus.ts'
import type { IdleJob, IdleStep } from './job.ts'
import { Pop3Client, statOf } from './pop3-client.ts'

const loginsAtOnce = 16
const visitors = 20

/** Does each step it is told and reports it, until its parent lets go. */
export function runIdleLoad({ port, maildrops }: IdleJob, report: (step: IdleStep) => void): Promise<never> {
  let held: Pop3Client[] = []
  const logIn = async (maildrop: MaildropFacts) => {
    const client = await Pop3Client.connect(port)
    await client.login(maildrop)
    const status = await client.command('STAT')
    if (status !== statOf(maildrop)) throw new Error(`STAT of ${maildrop.name}: ${status}`)
    return client
  }
  const steps: Record<IdleStep, () => Promise<void>> = {
    visit: () =>
      forEachAtOnce(maildrops.slice(0, visitors), async maildrop => (await logIn(maildrop)).quit()),
    open: () =>
      forEachAtOnce(maildrops, async maildrop => {
        held.push(await logIn(maildrop))
      }),
    close: async () => {
      await Promise.all(held.map(client => client.quit()))
      held = []
    },
  }
  return new Promise((_resolve, reject) => {
    process.on('message', (step: IdleStep) => {
      steps[step]().then(() => report(step), reject)
    })
  })
}

async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: loginsAtOnce }, worker))
}
