// Sources that are one mailbox under two names: whoever checks the configuration, asks the doctor or serves is told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { configCommand } from '../../src/cli/config.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { startCollecting } from '../../src/collecting.ts'
import { deliveryRules, loadConfig } from '../../src/config.ts'
import { createMailDelivery } from '../../src/mail/delivery/deliver.ts'
import { silentLog } from '../../src/net/log.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { runInProcess } from './in-process.ts'

const warning =
  /the sources one and two in \[\[collect\]\] have one mailbox, ann at pop\.example\.net port 995/

function configFile(second: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-shared-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const table = (name: string, user: string) =>
    `[[collect]]\nname = "${name}"\nserver = "pop3s://${user}@pop.example.net"\nto = "ann"\nevery = "0"\n`
  const file = join(folder, 'poplar.toml')
  writeFileSync(file, `data = "${folder}/data"\n[listen]\n${table('one', 'ann')}${table('two', second)}`)
  return file
}

it('is told by `config check`, which finds no mistake', async () => {
  const { code, stdout } = await runInProcess(
    [configCommand],
    ['config', 'check', '--config', configFile('ann')],
  )
  expect(code).toBe(0)
  expect(stdout).toMatch(warning)
  expect(stdout).toMatch(/no mistakes$/m)
  expect(
    (await runInProcess([configCommand], ['config', 'check', '--config', configFile('bob')])).stdout,
  ).not.toMatch(/one mailbox/)
})

it('is told by `doctor`', async () => {
  const { stdout } = await runInProcess([doctorCommand], ['doctor', '--json', '--config', configFile('ann')])
  const notes = (JSON.parse(stdout) as { what: string; state: string; finding: string }[]).filter(
    ({ what }) => what === 'collector',
  )
  expect(notes).toEqual([
    { what: 'collector', state: 'note', finding: expect.stringMatching(warning) as string },
  ])
})

it('is told by the log of a server', async () => {
  const lines: [object, string][] = []
  const store = createMemoryStore()
  const config = loadConfig(configFile('ann'))
  const collecting = startCollecting(config, {
    store,
    delivery: createMailDelivery({ directory: store, target: store, ...deliveryRules(config) }),
    onRun: undefined,
    log: { ...silentLog, warn: (fields, text) => lines.push([fields, text]) },
  })
  await collecting.close()
  expect(lines).toEqual([
    [
      { sources: ['one', 'two'], mailbox: 'ann at pop.example.net port 995 (POP3)' },
      expect.stringMatching(warning) as string,
    ],
  ])
})
