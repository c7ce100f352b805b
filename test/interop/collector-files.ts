// What the collecting clients leave behind: Maildirs, mbox files, one file per message.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes an empty Maildir. */
export function makeMaildir(folder: string): string {
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(folder, part), { recursive: true })
  return folder
}

/** The messages of `new/`, in any order; file names do not tell the order of one second. */
export function readMaildir(folder: string): Buffer[] {
  return readFolder(join(folder, 'new'))
}

/** Every file of a folder, in order of name. */
export function readFolder(folder: string): Buffer[] {
  return readdirSync(folder)
    .sort()
    .map(name => readFileSync(join(folder, name)))
}

/** The messages of an mbox file, each without its `From ` line and with `>From ` as `From ` (one level). */
export function readMbox(file: string): Buffer[] {
  const text = readFileSync(file, 'latin1')
  return text
    .split(/^From .*\n/m)
    .slice(1)
    .map(message => Buffer.from(message.replace(/\n\n$/, '\n').replace(/^>(>*From )/gm, '$1'), 'latin1'))
}
