// docs/configuration.md is what the built schema gives.
import { resolve } from 'node:path'
import { it } from 'vitest'
import { runOrFail } from '../e2e/program.ts'

it('docs/configuration.md is current', async () => {
  const root = resolve(import.meta.dirname, '../..')
  await runOrFail(process.execPath, ['scripts/configuration-docs.js', '--check'], { cwd: root })
})
