// The manual pages are what the built commands and the schema give, and roff that every man can show.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { itWith, runOrFail } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')

it('are current', async () => {
  await runOrFail(process.execPath, ['scripts/man-pages.js', '--check'], { cwd: root })
})

it('have what the help has behind the options: notes, and examples under their heading', () => {
  const page = (name: string) => readFileSync(join(root, 'man', name), 'utf8')
  const check = page('poplar-check.1')
  const [description = '', examples = ''] = check
    .slice(check.indexOf('.SH DESCRIPTION'))
    .split('.SH EXAMPLES\n')
  expect(description).toMatch(/\n\.PP\nA maildrop that holds mail [^]*\n\.PP\nCases that try wrong passwords/)
  expect(examples).toMatch(/^\.nf\n# .*\n\$ poplar check pop3:[^]*\n\.fi\n\.SH SEE ALSO\n/)
  // Those of all subcommands stand together; a note stands with its own.
  const user = page('poplar-user.1')
  expect(user.match(/^\.SH EXAMPLES$/gm)).toHaveLength(1)
  expect(user).toMatch(
    /\.SS poplar user passwd\n(?:(?!\.SS)[^])*CRAM\\-MD5 and APOP need the password itself/,
  )
  expect(user.slice(user.indexOf('.SH EXAMPLES'))).toMatch(/\$ poplar user add [^]*\$ poplar user list/)
})

itWith('mandoc', 'are without errors', async () => {
  const pages = readdirSync(join(root, 'man')).map(page => join('man', page))
  expect(pages).toContain('man/poplar.toml.5')
  await runOrFail('mandoc', ['-Tlint', '-W', 'error', ...pages], { cwd: root })
})
