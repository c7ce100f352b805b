// One source, a ledger that can be damaged, and a collector run as it is: for tests of what is made anew.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import type { Store } from '../../../../src/mail/store.ts'
import type { Destination } from '../../../../src/pop3/collector/destination.ts'
import { type CollectPolicy, defaultPolicy } from '../../../../src/pop3/collector/policy.ts'
import type { Examination } from '../../../../src/pop3/collector/rebuild/examination.ts'
import type { RebuildTrust, Verdict } from '../../../../src/pop3/collector/rebuild/judge.ts'
import { rebuild } from '../../../../src/pop3/collector/rebuild/rebuild.ts'
import { runOnce } from '../../../../src/pop3/collector/run.ts'
import { openStore } from '../../../../src/store/open-store.ts'
import { type Mail, ScriptedSource } from '../scripted-source.ts'

/** As mail is: with a Message-ID, and a body that does not tell much. */
export function mail(key: string, more: { readonly text?: string; readonly id?: string } = {}): Mail {
  const { text = 'the same for all', id = key } = more
  return {
    key,
    text: `Received: from x by old.example; Thu, 20 Nov 2026\r\nMessage-ID: <${id}@x>\r\nSubject: ${key}\r\n\r\n${text}\r\n`,
  }
}

export const names = (count: number, from = 1) => Array.from({ length: count }, (_, at) => `m${from + at}`)

export async function workshop() {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-rebuild-'))
  const store: Store = await openStore({ folder: join(folder, 'data'), writer: 'inline' })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const source = new ScriptedSource()
  const signal = new AbortController().signal

  return {
    folder,
    store,
    source,
    async run(destinations: readonly Destination[], policy: Partial<CollectPolicy> = {}) {
      const summary = await runOnce(
        {
          source,
          destinations,
          policy: { ...defaultPolicy, ...policy },
          ledger: store,
          spoolFolder: join(folder, 'spool'),
          hostname: 'mx.example.org',
          signal,
          onEvent: () => undefined,
          now: () => new Date(),
        },
        () => true,
      )
      await Promise.all(destinations.map(each => each.close()))
      return summary
    },
    /** What was found; written unless it is a dry run. */
    async rebuild(
      destinations: readonly Destination[],
      {
        isDryRun = false,
        policy = {},
        ...trust
      }: Partial<RebuildTrust> & {
        readonly isDryRun?: boolean
        readonly policy?: Partial<CollectPolicy>
      } = {},
    ): Promise<Examination> {
      let found: Examination | undefined
      await rebuild({
        source,
        destinations,
        policy: { ...defaultPolicy, ...policy },
        ledger: store,
        trust: { headers: false, ledger: false, others: false, ...trust },
        signal,
        now: () => new Date(),
        mayWrite: given => {
          found = given
          return !isDryRun
        },
      })
      await Promise.all(destinations.map(each => each.close()))
      if (!found) throw new Error('nothing was found out')
      return found
    },
    /** As a disk or another program may. */
    change(sql: string): void {
      const file = new Sqlite(join(folder, 'data', 'poplar.sqlite'))
      file.exec(sql)
      file.close()
    },
  }
}

/** How many messages came out how, those of which there are none left out. */
export function verdicts({ messages }: Examination): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {}
  for (const { verdict } of messages) counts[verdict] = (counts[verdict] ?? 0) + 1
  return counts
}
