// Hooks of the module loader: of what is imported with `?fault=` behind its URL the one file of dist/ that the fault is for is
// loaded with it, and all that imports this file is loaded anew. Nothing is written, and nothing in src/ knows of it. The text
// to change must be in its file exactly once: a fault that is nowhere, or anywhere, is an error.
import { readdirSync, readFileSync } from 'node:fs'

const built = new URL('../../../../../dist/', import.meta.url)
const office = new URL('./office.mjs', import.meta.url)
const importing = /(?:from|import) ?\(?'(\.[^']+)'/g

/** What each file imports, by URLs. */
const imports = new Map(
  [...readdirSync(built, { recursive: true }).map(name => new URL(String(name), built)), office]
    .filter(({ href }) => href.endsWith('js'))
    .map(url => [url.href, importsOf(url)]),
)

/** @param {URL} url */
function importsOf(url) {
  const found = readFileSync(url, 'utf8').matchAll(importing)
  return new Set([...found].map(([, specifier = '']) => new URL(specifier, url).href))
}

/** What stands behind URLs, and the files that have it there. @type {Map<string, Set<string>>} */
const renewed = new Map()

/** @param {string} search */
function renewedBy(search) {
  const known = renewed.get(search)
  if (known) return known
  const files = new Set([new URL(faultIn(search).file, built).href])
  // A set that grows is gone through to its end.
  for (const file of files) for (const [url, its] of imports) if (its.has(file)) files.add(url)
  renewed.set(search, files)
  return files
}

/** @param {string} search @returns {{ file: string, find: string, replace: string }} */
function faultIn(search) {
  return JSON.parse(decodeURIComponent(search.slice('?fault='.length)))
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context)
  const { search } = new URL(context.parentURL ?? built.href)
  const isRenewed = search.startsWith('?fault=') && renewedBy(search).has(resolved.url)
  return isRenewed ? { ...resolved, url: resolved.url + search } : resolved
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  const { search, pathname } = new URL(url)
  if (!search.startsWith('?fault=')) return loaded
  const { file, find, replace } = faultIn(search)
  if (pathname !== new URL(file, built).pathname) return loaded
  const pieces = String(loaded.source).split(find)
  if (pieces.length !== 2) throw new Error(`${file} has the text to change ${pieces.length - 1} times`)
  return { ...loaded, source: pieces.join(replace) }
}
