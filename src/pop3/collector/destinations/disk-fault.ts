// What a file system refuses, as a fault of the destination: no room is waited for, what is set up wrong needs a person.
import { DestinationError, type DestinationFault } from '../destination.ts'

const faults: Readonly<Record<string, readonly [DestinationFault, string]>> = {
  ENOSPC: ['full', 'there is no room left on the disk'],
  EDQUOT: ['full', 'the disk quota is used up'],
  EFBIG: ['message', 'the file would be larger than is allowed'],
  EACCES: ['configuration', 'permission denied'],
  EPERM: ['configuration', 'not permitted'],
  EROFS: ['configuration', 'the file system is read-only'],
  ENOENT: ['configuration', 'no such file or folder'],
  ENOTDIR: ['configuration', 'something in the path is no folder'],
  EISDIR: ['configuration', 'it is a folder'],
  ELOOP: ['configuration', 'it is a symbolic link, which is not followed'],
  ENAMETOOLONG: ['configuration', 'the name is too long'],
  ENOTEMPTY: ['configuration', 'a folder is in the way'],
}

/** What was thrown as a `DestinationError`; one that is stays as it is. `path` names what was touched. */
function diskFault(error: unknown, path: string): DestinationError {
  if (error instanceof DestinationError) return error
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const [fault, sentence] = faults[code] ?? ['unavailable', message]
  return new DestinationError(fault, `${path}: ${sentence}`, { cause: error })
}

/** Does the work; what it throws becomes a `DestinationError`. */
export async function orDiskFault<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw diskFault(error, path)
  }
}
