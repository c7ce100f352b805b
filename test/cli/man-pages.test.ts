// The manual pages are what the built commands and the schema give, and roff that every man can show.
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')

it('are current', async () => {
  await runOrFail(process.execPath, ['scripts/man-pages.js', '--check'], { cwd: root })
})

itWith('mandoc', 'are without errors', async () => {
  const pages = readdirSync(join(root, 'man')).map(page => join('man', page))
  expect(pages).toContain('man/poplar.toml.5')
  await runOrFail('mandoc', ['-Tlint', '-W', 'error', ...pages], { cwd: root })
})
