// Puts tables behind what a configuration has: checked as a whole first, and written so that it is the old file or the new one.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { type Config, parseConfig } from '../../config.ts'

/** A file that is to be written. */
export interface ExtendedConfig {
  readonly file: string
  readonly text: string
}

/** Throws a `ConfigError` where the whole would be none. Without a configuration it is `./poplar.toml`. */
export function extendedConfig({ file }: Config, tables: string): ExtendedConfig {
  const place = file === undefined ? resolve('poplar.toml') : realpathSync(file)
  const before = file === undefined ? '' : readFileSync(place, 'utf8')
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  const text = `${before}${gap}${tables}`
  parseConfig(text, { file: place })
  return { file: place, text }
}

/** Owner and mode stay as they are. */
export function writeConfig({ file, text }: ExtendedConfig): void {
  const before = statSync(file, { throwIfNoEntry: false })
  const temporary = `${file}.${process.pid}.new`
  try {
    const handle = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(handle, text)
      if (before && process.getuid?.() === 0) fchownSync(handle, before.uid, before.gid)
      fchmodSync(handle, before ? before.mode & 0o7777 : 0o644)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
