// The file .netrc, as ftp(1) describes it and curl and fetchmail read it: machines with login and password, words parted by
// blanks, `default` for all others. Macros are passed over.
import { SecretError } from './secret-error.ts'

interface Entry {
  /** Undefined: for all. */
  readonly machine: string | undefined
  readonly login: string | undefined
  readonly password: string | undefined
}

/** The password of the user there. Throws `SecretError`. */
export function findInNetrc(
  text: string,
  { host, user }: { readonly host: string; readonly user: string },
  file: string,
): string {
  const found = entriesOf(text).find(
    ({ machine, login, password }) =>
      password !== undefined &&
      (machine === undefined || machine.toLowerCase() === host.toLowerCase()) &&
      (login === undefined || login === user),
  )
  if (found?.password !== undefined) return found.password
  throw new SecretError('configuration', `${file} has no password of ${user} for the machine ${host}`)
}

function entriesOf(text: string): readonly Entry[] {
  const entries: { machine: string | undefined; login: string | undefined; password: string | undefined }[] =
    []
  const words = wordsOf(text)
  for (let word = words.next(); !word.done; word = words.next()) {
    const current = entries.at(-1)
    const next = () => words.next().value ?? ''
    if (word.value === 'machine') entries.push({ machine: next(), login: undefined, password: undefined })
    else if (word.value === 'default')
      entries.push({ machine: undefined, login: undefined, password: undefined })
    else if (word.value === 'account') next()
    else if (word.value === 'login' && current) current.login = next()
    else if (word.value === 'password' && current) current.password = next()
  }
  return entries
}

/** A macro goes to the next empty line, a comment is a line of its own. Quotes and backslashes are as curl has them. */
function* wordsOf(text: string): Generator<string, undefined> {
  const word = /\s*(?:(?<=(?:^|\n)[ \t]*)#[^\n]*|macdef\b[^]*?(?:\r?\n\r?\n|$)|"((?:[^"\\]|\\.)*)"|(\S+))/gy
  for (let match = word.exec(text); match; match = word.exec(text)) {
    const [, quoted, plain] = match
    if (quoted !== undefined) yield quoted.replace(/\\(.)/g, '$1')
    else if (plain !== undefined) yield plain
  }
  return undefined
}
