// The catalogues: every reply in every language fits its line, keeps its response code, and is in that language; and no
// reply is said past them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createId } from '../../src/mail/id.ts'
import type { Answer } from '../../src/pop3/server/answer.ts'
import type { Language } from '../../src/pop3/server/languages/language.ts'
import { defaultLanguage, languageFor, languages } from '../../src/pop3/server/languages/languages.ts'

const huge = 9_999_999_999_999
const numbers = [0, 1, 2, 5, 11, 21, huge]

type Text = string | ((...values: never[]) => string)

/** Every text of a catalogue, with every number that changes its form, and the longest. */
function textsOf(entries: object): [name: string, text: string][] {
  return Object.entries(entries).flatMap(([name, entry]: [string, Text | object]): [string, string][] => {
    if (typeof entry === 'string') return [[name, entry]]
    if (typeof entry === 'object') return textsOf(entry)
    const render = entry as (...values: unknown[]) => string
    if (name === 'help') return [[name, render('USER PASS QUIT')]]
    if (name === 'fault') return [[name, render(createId())]]
    return numbers.map(number => [`${name} ${number}`, render(number, number)])
  })
}

function answersOf(answers: object): Answer[] {
  return Object.values(answers).flatMap((answer: Answer | object) =>
    'text' in answer ? [answer] : answersOf(answer),
  )
}

const line = (text: string | Uint8Array) =>
  typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
const script: Readonly<Record<string, RegExp>> = { ru: /\p{Script=Cyrillic}/u, zh: /\p{Script=Han}/u }

describe.each(
  languages.map(language => [language.tag, language] as const),
)('the catalogue %s', (tag, language) => {
  const texts = textsOf(language.texts)

  it('has texts of one line, without blanks at their ends', () => {
    for (const [name, text] of texts) {
      expect(text, name).toMatch(/^\S/)
      expect(text, name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\s$/u)
      expect(text, name).not.toMatch(/undefined|NaN|\{/)
    }
  })

  it('fits status lines of 512 octets, the longest outcome behind the longest refusal', () => {
    const outcomes = [language.texts.nothingRemoved(huge), language.texts.removalUncertain]
    const longest = [...Object.values(language.texts.refusals), language.texts.fault(createId())].flatMap(
      text => outcomes.map(outcome => `${text}; ${outcome}`),
    )
    for (const text of [...longest, ...texts.map(([, one]) => one)]) {
      const whole = language.err(text, 'SYS/TEMP')
      expect(Buffer.byteLength(line(whole)), text).toBeLessThanOrEqual(512)
      expect(line(whole)).toBe(`-ERR [SYS/TEMP] ${text}\r\n`)
    }
  })

  it('is in its language', () => {
    const expected = script[tag]
    const plain = texts.filter(([, text]) => (expected ? !expected.test(text) : !/^[\x20-\x7e]+$/.test(text)))
    expect(plain).toEqual([])
  })

  it('keeps signs, response codes and what they mean for the session', () => {
    const form = ({ text, ...rest }: Answer) => [
      /^(?:\+OK|-ERR(?: \[[A-Z/-]+\])?) /.exec(line(text))?.[0],
      rest,
    ]
    expect(answersOf(language.answers).map(form)).toEqual(answersOf(defaultLanguage.answers).map(form))
  })

  it('sends octets, unless all is ASCII', () => {
    for (const { text } of answersOf(language.answers)) {
      if (typeof text === 'string') expect(text).toMatch(/^[\x20-\x7e]+\r\n$/)
      else expect(new TextDecoder('utf-8', { fatal: true }).decode(text)).toMatch(/\r\n$/)
    }
  })
})

it('no reply is said past the catalogues, but what comes before a language can be asked for, and bare numbers', () => {
  const folder = join(import.meta.dirname, '../../src/pop3/server')
  const said = readdirSync(folder)
    .filter(name => name.endsWith('.ts'))
    .flatMap(name =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter(text => /(?<!function )(?<![.\w])(?:ok|err|positive|badCommand)\((?:'[^']+'|`)/.test(text))
        .map(text => `${name}: ${text.trim()}`),
    )
  expect(said).toEqual([
    "server.ts: refusal: err('too many connections, try again later', 'SYS/TEMP'),",
    'session.ts: this.#say(ok(`${services.hostname} POP3 server ready${timestamp}`))',
    'transaction.ts: return positive(`${maildrop.count} ${maildrop.octets}`)',
    'transaction.ts: return positive(`${maildrop.lastAccessed}`)',
    'transaction.ts: : positive(`${number} ${value(found.index)}`)',
  ])
})

describe('a language range', () => {
  const rows: readonly (readonly [string, string | undefined, string])[] = [
    ['ru', 'ru', 'a tag'],
    ['RU', 'ru', 'in any case'],
    ['ru-RU', 'ru', 'shortened until it is known'],
    ['zh-Hans-CN', 'zh', 'by more than one'],
    ['i-default', 'i-default', 'RFC 2277'],
    ['i', undefined, 'not lengthened'],
    ['rus', undefined, 'a tag is no prefix'],
    ['tlh', undefined, 'unknown'],
    ['*', undefined, 'the session knows what that means'],
  ]
  it.each(rows)('%s finds %s: %s', (range, tag) => {
    const found: Language | undefined = languageFor(range)
    expect(found?.tag).toBe(tag)
  })
})

describe('Russian', () => {
  it.each([
    [0, '0 октетов'],
    [1, '1 октет'],
    [3, '3 октета'],
    [5, '5 октетов'],
    [11, '11 октетов'],
    [14, '14 октетов'],
    [21, '21 октет'],
    [22, '22 октета'],
    [111, '111 октетов'],
    [1_000_001, '1000001 октет'],
  ])('counts %i', (count, text) => {
    expect(languageFor('ru')?.texts.octets(count)).toBe(text)
  })
})
