// Reads what fetchmail, getmail, mpop and Thunderbird left: the files that are named, and the lists of fetched messages that
// these name themselves. Nothing is changed, nobody is asked.
import { homedir } from 'node:os'
import { basename, resolve } from 'node:path'
import { type Adopted, joinForeign } from './adopted.ts'
import { parseFetchids } from './fetchids.ts'
import { type ForeignConfig, parseFetchmailrc } from './fetchmail.ts'
import { ForeignFileError, type ForeignKnown, type ForeignPlace, type ForeignSource } from './foreign.ts'
import { type ForeignFile, readForeignFile, readForeignFiles } from './foreign-files.ts'
import { configKinds, type ForeignKind } from './foreign-kind.ts'
import { parseGetmailrc } from './getmail.ts'
import { oldmailName, oldmailOwners, ownerOfOldmail, parseOldmail } from './getmail-oldmail.ts'
import { parseMpoprc } from './mpop.ts'
import { parseMpopUidls } from './mpop-uidls.ts'
import { parsePrefs } from './thunderbird.ts'
import { parsePopstate } from './thunderbird-popstate.ts'

const configParsers: Readonly<
  Partial<Record<ForeignKind, (text: string, place: ForeignPlace) => ForeignConfig>>
> = {
  fetchmailrc: parseFetchmailrc,
  getmailrc: parseGetmailrc,
  mpoprc: parseMpoprc,
  prefs: parsePrefs,
}

export interface ReadForeignOptions {
  /** What `~` means in the files. Default: the home of who asks. */
  readonly home?: string
}

/** Files, or folders with such files. Throws `ForeignFileError` for the first that cannot be read. */
export async function readForeignState(
  paths: readonly string[],
  { home = homedir() }: ReadForeignOptions = {},
): Promise<Adopted> {
  const files = new Map<string, ForeignFile>()
  for (const path of paths)
    for (const file of await readForeignFiles(resolve(path))) files.set(file.path, file)
  const configs = [...files.values()].filter(({ kind }) => configKinds.has(kind))
  const place = { home: resolve(home) }
  const read = configs.map(({ kind, path, text }) => configParsers[kind]?.(text, { ...place, file: path }))
  const sources = read.flatMap(config => config?.sources ?? [])
  const remarks = read.flatMap(config => config?.remarks ?? [])
  remarks.push(...(await followStateFiles(sources, files)))
  const known = [...files.values()].flatMap(file => parseState(file, sources, remarks))
  return { sources: joinForeign(sources, known), remarks, files: [...files.keys()] }
}

/** Reads what the configurations name and is there; gives a sentence for each that cannot be read. */
async function followStateFiles(
  sources: readonly ForeignSource[],
  files: Map<string, ForeignFile>,
): Promise<string[]> {
  const remarks: string[] = []
  for (const path of new Set(sources.flatMap(({ stateFiles }) => stateFiles.map(file => resolve(file))))) {
    if (files.has(path)) continue
    try {
      const file = await readForeignFile(path)
      if (file && !configKinds.has(file.kind)) files.set(path, file)
    } catch (error) {
      if (!(error instanceof ForeignFileError)) throw error
      if (!isMissing(error)) remarks.push(error.message)
    }
  }
  return remarks
}

function isMissing({ cause }: ForeignFileError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}

function parseState(
  { kind, path, text }: ForeignFile,
  sources: readonly ForeignSource[],
  remarks: string[],
): readonly ForeignKnown[] {
  if (kind === 'fetchids') return parseFetchids(text, path)
  if (kind === 'mpop-uidls') return parseMpopUidls(text, path)
  if (kind === 'popstate') return parsePopstate(text, path)
  if (kind !== 'oldmail') return []
  const name = basename(path)
  const owners = sources
    .filter(({ program }) => program === 'getmail')
    .flatMap(source => oldmailOwners(source))
  const owner = owners.find(candidate => oldmailName(candidate) === name) ?? ownerOfOldmail(name)
  if (owner) return [parseOldmail(text, path, owner)]
  remarks.push(`${path}: its name does not tell whose messages these are`)
  return []
}
