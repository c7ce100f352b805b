// The pages about the cases are what the built cases give.
import { resolve } from 'node:path'
import { it } from 'vitest'
import { runOrFail } from '../e2e/program.ts'

it('the pages of docs/conformance are current', async () => {
  const cwd = resolve(import.meta.dirname, '../..')
  await runOrFail(process.execPath, ['scripts/conformance-docs.js', '--check'], { cwd })
})
