// What a folder may be called: names that can stand behind the separator of a login name or an address, in a view, and in
// IMAP (RFC 9051 section 5.1). INBOX, Junk and Trash are there for every account, made when first needed.
import { Refusal } from './errors.ts'
import { foldName } from './fold.ts'

export const inboxName = 'INBOX'
export const junkName = 'Junk'
export const trashName = 'Trash'

/** Folders that need not be made. */
const standing: readonly string[] = [inboxName, junkName, trashName]

const maxNameCharacters = 64

/** The name in NFC, one of the standing folders in its usual case. Refuses with `bad-name`, saying why. */
export function parseFolderName(text: string): string {
  const name = text.normalize('NFC')
  const fault = folderNameFault(name)
  if (fault) throw new Refusal('bad-name', `${JSON.stringify(text)} cannot be a folder: ${fault}`)
  return standingFolder(name) ?? name
}

/** Why a text is no name of a folder; undefined when it is one. */
export function folderNameFault(name: string): string | undefined {
  if (name === '') return 'the name is empty'
  if ([...name].length > maxNameCharacters) return `a name has at most ${maxNameCharacters} characters`
  if (name.trim() !== name) return 'no spaces are allowed around it'
  return /^[\p{L}\p{M}\p{N} ._/-]+$/u.test(name)
    ? undefined
    : 'only letters, digits, spaces and ._/- may stand in it'
}

/** Whether two names mean one folder: case makes no difference, as it makes none in login names. */
export function sameFolder(one: string, other: string): boolean {
  return foldName(one) === foldName(other)
}

/** The name of a folder that need not be made, in its usual case; undefined for any other. */
export function standingFolder(name: string): string | undefined {
  return standing.find(known => sameFolder(known, name))
}
