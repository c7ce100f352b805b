// How long a very large maildrop takes to be listed, one session after the other.
import type { ListingJob, Visit } from './job.ts'
import { checkListing, Pop3Client } from './pop3-client.ts'

export async function runListingLoad({ port, maildrop, visits }: ListingJob): Promise<Visit[]> {
  const results: Visit[] = []
  for (let visit = 0; visit < visits; visit++) {
    const client = await Pop3Client.connect(port)
    await client.command(`USER ${maildrop.name}`)
    const start = performance.now()
    await client.command(`PASS ${maildrop.password}`)
    const loggedIn = performance.now()
    const list = await client.multiLine('LIST')
    const uidl = await client.multiLine('UIDL')
    const listed = performance.now()
    await client.quit()
    checkListing(maildrop, list.body, uidl.body)
    results.push({ loginMs: loggedIn - start, listedMs: listed - start })
  }
  return results
}
