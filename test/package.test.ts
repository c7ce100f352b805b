// The package as others get it: its doors lead to built files, nothing else can be imported, its documents are current.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { publint } from 'publint'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { runOrFail } from './e2e/program.ts'

const root = resolve(import.meta.dirname, '..')
const manifest = createRequire(import.meta.url)('../package.json') as {
  readonly bin: Record<string, string>
  readonly exports: Record<string, Record<string, string> | string>
}

describe('the package', () => {
  const doors = Object.entries(manifest.exports).flatMap(([door, conditions]) =>
    typeof conditions === 'string' ? [] : [[door, conditions] as const],
  )

  it.each(doors)('has the door %s', async (_door, conditions) => {
    for (const file of Object.values(conditions)) expect(existsSync(resolve(root, file)), file).toBe(true)
    const module = (await import(resolve(root, conditions['default'] ?? ''))) as object
    expect(Object.keys(module).length).toBeGreaterThan(0)
  })

  it('lets nothing else be imported', async () => {
    const load = "await import('poplar-mail/dist/store/memory-store.js')"
    await expect(
      runOrFail(process.execPath, ['--input-type=module', '-e', load], { cwd: root }),
    ).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('has a command that runs', async () => {
    const output = await runOrFail(process.execPath, [
      resolve(root, manifest.bin['poplar'] ?? ''),
      '--version',
    ])
    expect(output.toString()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: root, strict: true })
    expect(messages).toEqual([])
  })
})

describe('README.md', () => {
  it('shows configurations that are some', () => {
    const text = readFileSync(resolve(root, 'README.md'), 'utf8')
    const configs = [...text.matchAll(/```toml\n([^]*?)```/g)].map(([, toml]) => parseConfig(toml ?? ''))
    expect(configs.map(({ domains }) => domains)).toContainEqual(['example.net', 'example.org'])
    expect(configs.map(({ listen }) => listen.pop3s)).toContainEqual([{ host: '0.0.0.0', port: 995 }])
  })
})

describe('docs/rfc-coverage.md', () => {
  it('is what the citations and rfc/index.tsv give', async () => {
    await runOrFail(process.execPath, ['scripts/rfc-coverage.js', '--check'], { cwd: root })
  })
})
