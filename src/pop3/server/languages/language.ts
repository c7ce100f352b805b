// A language that replies are given in: its texts, the answers that never vary, ready made, and the form of those that do.
import type { ProblemName } from '../../wire/command.ts'
import { err, ok, type ResponseCode } from '../../wire/reply.ts'
import type { Answer } from '../answer.ts'
import type { Catalogue } from './catalogue.ts'

export interface Language {
  /** RFC 5646. */
  readonly tag: string
  /** In itself. */
  readonly name: string
  readonly texts: Catalogue
  readonly answers: Answers
  /** A status line, whole; octets unless it is US-ASCII for sure. */
  readonly ok: (text: string) => string | Uint8Array
  readonly err: (text: string, code?: ResponseCode) => string | Uint8Array
}

export type Answers = ReturnType<typeof answersIn>
type Form = Pick<Language, 'ok' | 'err'>

const ascii: Form = { ok, err }
const utf8: Form = {
  ok: text => Buffer.from(ok(text)),
  err: (text, code) => Buffer.from(err(text, code)),
}

export function languageOf(tag: string, name: string, texts: Catalogue, isAscii = false): Language {
  const form = isAscii ? ascii : utf8
  return { tag, name, texts, ...form, answers: answersIn(texts, form) }
}

function answersIn(texts: Catalogue, form: Form) {
  const positive = (text: string): Answer => ({ text: form.ok(text) })
  const refusal = (text: string, code?: ResponseCode): Answer => ({ text: form.err(text, code) })
  const badCommand = (text: string, code?: ResponseCode): Answer => ({
    ...refusal(text, code),
    refused: 'bad-command',
  })
  const problems = Object.entries(texts.problems).map(([name, text]) => [name, badCommand(text)] as const)
  return {
    sendPass: positive(texts.sendPass),
    needsUser: badCommand(texts.needsUser),
    noApop: badCommand(texts.noApop),
    noAuth: badCommand(texts.noAuth),
    noSuchMechanism: badCommand(texts.noSuchMechanism),
    loginRefused: { ...refusal(texts.loginRefused, 'AUTH'), refused: 'login' } as Answer,
    tooSoon: refusal(texts.tooSoon, 'LOGIN-DELAY'),
    needsTls: badCommand(texts.needsTls, 'SYS/PERM'),
    beginTls: { ...positive(texts.beginTls), startTls: true } as Answer,
    tlsActive: badCommand(texts.tlsActive),
    noTls: badCommand(texts.noTls),
    utf8Enabled: positive(texts.utf8Enabled),
    goodbye: { ...positive(texts.goodbye), end: 'quit' } as Answer,
    noSuchLanguage: refusal(texts.noSuchLanguage),
    notInThisState: badCommand(texts.notInThisState),
    lineTooLong: { ...refusal(texts.lineTooLong), end: 'line-too-long' } as Answer,
    shuttingDown: refusal(texts.shuttingDown, 'SYS/TEMP'),
    endedByOperator: refusal(texts.endedByOperator, 'SYS/TEMP'),
    mayOnlyRead: refusal(texts.mayOnlyRead, 'SYS/PERM'),
    problems: Object.fromEntries(problems) as Record<ProblemName, Answer>,
  }
}
