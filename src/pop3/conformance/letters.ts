// The messages that cases are about, by name. Each is what a sender handed over, octet for octet, lines ended by CRLF unless
// the letter is about just that. A server puts lines of its own in front; what it must not do is change what follows.
import { awkwardLetters } from './awkward-letters.ts'
import type { LetterSource } from './letter-source.ts'

export interface Letter {
  readonly name: LetterName
  /** What is special about it. */
  readonly about: string
  readonly octets: Buffer
  /** Delivery systems change it, or refuse it, lawfully: cases about it say only what the server may say of it. */
  readonly isUnlawful: boolean
}

const sources = {
  plain: { about: 'a few short lines', body: 'Hello.\r\nThis is a short message.\r\n' },
  second: { about: 'another one of a few lines', body: 'The second message.\r\n' },
  third: { about: 'a third one', body: 'The third message\r\nhas two lines.\r\n' },
  dots: {
    about: 'lines that begin with dots, and lines that are nothing but dots',
    body: '.\r\n..\r\n...\r\n.leading\r\nin . the middle\r\n.\r\n',
  },
  international: {
    about: 'UTF-8 in its header',
    header: `Comments: ${Buffer.from('Grüße aus 東京').toString('latin1')}\r\n`,
    body: 'What is above is no US-ASCII.\r\n',
    isUnlawful: true,
  },
  ...awkwardLetters,
} as const satisfies Record<string, LetterSource>

export type LetterName = keyof typeof sources

export function isLetterName(name: string): name is LetterName {
  return Object.hasOwn(sources, name)
}

/** The header field that our letters are known by. */
export const letterField = 'X-Poplar-Check'

/** The letter; with a seed of its run, so that one of an earlier run is not taken for it. */
export function letter(name: LetterName, seed: string): Letter {
  const { about, body, header = '', isUnlawful, isHeaderOnly }: LetterSource = sources[name]
  const head = `From: check@example.org\r\nTo: you@example.org\r\nSubject: ${name}\r\n${letterField}: ${name} ${seed}\r\n`
  return {
    name,
    about,
    isUnlawful: isUnlawful ?? false,
    octets: Buffer.from(`${head}${header}${isHeaderOnly ? '' : '\r\n'}${body}`, 'latin1'),
  }
}

/** What is special about it, to stand behind "a message with". */
export function aboutLetter(name: LetterName): string {
  return sources[name].about
}

/** Its name as a part of the ids of cases: `line-10k`. */
export function letterId(name: LetterName): string {
  return name.replace(/[A-Z]|[0-9]+/g, part => `-${part.toLowerCase()}`)
}
