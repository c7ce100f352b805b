// Passwords that stand in foreign files, written to files of their own that only their owner may read. Only when asked to.
import { mkdir, open, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Adopted } from './adopted.ts'
import { ForeignFileError } from './foreign.ts'

/**
 * Makes the folder where there is none, and in it `NAME.password` for each source whose password is known. Gives the files
 * by source. Rejects with a `ForeignFileError` where a file is there with something else in it: it is not overwritten.
 */
export async function writePasswordFiles(
  { sources }: Pick<Adopted, 'sources'>,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const { name, secret } of sources) {
    if (secret.kind !== 'in-file') continue
    const password = secret.password.reveal()
    if (/[\r\n\0]/.test(password))
      throw new ForeignFileError(`the password of ${name} has a line end or a NUL in it, and fits in no file`)
    const file = join(resolve(folder), `${name}.password`)
    await mkdir(resolve(folder), { recursive: true, mode: 0o700 })
    await writeNew(file, `${password}\n`)
    files.set(name, file)
  }
  return files
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    // Exclusive: nothing that lies there, such as a link to elsewhere, is written through.
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    if ((await readFile(file, 'utf8')) !== text)
      throw new ForeignFileError(`${file} is there with something else in it; it was left as it is`, {
        cause: error,
      })
  }
}
