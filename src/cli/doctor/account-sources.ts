// Examines where accounts come from besides the store, by opening it as the server would and, where it is asked over a
// network, by asking it. Nothing is written: accounts that it might make go to a store in memory.
import type { AccountSource, Config } from '../../config.ts'
import { openAccountSources } from '../../logins.ts'
import { silentLog } from '../../net/log.ts'
import { createMemoryStore } from '../../store/memory-store.ts'
import type { Finding } from './finding.ts'

/** What can be examined without a network. */
const ofFiles: readonly AccountSource[] = ['passwd-file']
/** A name that nobody has; what counts is that somebody answers. */
const nobody = 'poplar-doctor-asks-for-nobody'

/** Without `mayAsk` only files are looked at. */
export async function examineAccountSources(config: Config, mayAsk: boolean): Promise<Finding[]> {
  const sources = config.auth.sources.filter(source => source !== 'store')
  const findings: Finding[] = []
  for (const source of sources)
    if (mayAsk || ofFiles.includes(source)) findings.push(await examineSource(source, config))
  return findings
}

async function examineSource(source: AccountSource, config: Config): Promise<Finding> {
  const what = `accounts by ${source}`
  const registry = createMemoryStore()
  try {
    const { directory, close } = await openAccountSources([source], config, registry, silentLog)
    try {
      await directory.findAccount(nobody)
    } finally {
      await close()
    }
    return { what, state: 'well', finding: ofFiles.includes(source) ? 'the file is readable' : 'it answers' }
  } catch (error) {
    return { what, state: 'wrong', finding: error instanceof Error ? error.message : String(error) }
  } finally {
    await registry.close()
  }
}
