#!/usr/bin/env node
// Writes dist/bin: the `poplar` command and the programs of its threads, with what they load at every start in a few files
// instead of 700: most commands are done in less time than Node takes to find those. Reads the last build.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'dist', 'bin')
/** Put in place when it is whole, for commands may be running. */
const unfinished = `${folder}.new`
/** Threads are started by the name of a file that lies beside the one that starts them. */
const programs = {
  poplar: 'dist/cli.js',
  'writer-thread': 'dist/store/sql/sqlite/writer-thread.js',
  'password-thread': 'dist/auth/password-thread.js',
}
/** Of the dependencies only those that nearly every command loads; the others stay where npm has put them. */
const bundled = ['commander', 'kysely', 'lru-cache', 'smol-toml', 'zod']

/** @param {string} id */
const isExternal = id => !/^[./]/.test(id) && !bundled.some(name => id === name || id.startsWith(`${name}/`))

const bundle = await rolldown({ input: programs, cwd: root, platform: 'node', external: isExternal })
await bundle.write({
  dir: unfinished,
  cleanDir: true,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
})

/** @param {string} name */
function licence(name) {
  const home = join(root, 'node_modules', name)
  const file = readdirSync(home).find(each => /^licen[cs]e/i.test(each))
  if (file === undefined) throw new Error(`${name} has no licence that could be copied`)
  return `${name}\n\n${readFileSync(join(home, file), 'utf8')}`
}
writeFileSync(join(unfinished, 'LICENSES.txt'), bundled.map(licence).join('\n\n'))
rmSync(folder, { recursive: true, force: true })
renameSync(unfinished, folder)
