// INI files as Python's RawConfigParser reads them, which getmail does: `name = value` or `name: value`, indented lines go on
// with the value before, comments are lines of their own.
import { ForeignFileError } from './foreign.ts'
import { linesOf } from './lines.ts'

export interface IniValue {
  readonly text: string
  /** From 1 on. */
  readonly line: number
}

/** By name in small letters. */
export type IniSection = ReadonlyMap<string, IniValue>

/** By name as it stands; what `[DEFAULT]` says holds in all. Throws `ForeignFileError`; the sentence quotes nothing. */
export function parseIni(text: string, file: string): ReadonlyMap<string, IniSection> {
  const sections = new Map<string, Map<string, IniValue>>()
  let section: Map<string, IniValue> | undefined
  let name: string | undefined
  let number = 0
  for (const line of linesOf(text)) {
    number += 1
    if (/^\s*(?:[#;]|$)/.test(line)) continue
    if (/^\s/.test(line)) {
      const before = name === undefined ? undefined : section?.get(name)
      if (name !== undefined && before)
        section?.set(name, { ...before, text: `${before.text}\n${line.trim()}` })
      continue
    }
    const title = /^\[([^\]]+)\]/.exec(line)?.[1]
    if (title !== undefined) {
      section = sections.get(title) ?? new Map()
      sections.set(title, section)
      name = undefined
      continue
    }
    const [, key, value] = /^([^=:]+)[=:](.*)$/.exec(line) ?? []
    if (!section || key === undefined || value === undefined)
      throw new ForeignFileError(`${file}, line ${number}: neither a section nor a setting`)
    name = key.trim().toLowerCase()
    section.set(name, { text: value.trim(), line: number })
  }
  const defaults = sections.get('DEFAULT') ?? []
  return new Map([...sections].map(([title, values]) => [title, new Map([...defaults, ...values])]))
}
