// The grammar of commands, RFC 1939 section 3 and RFC 2449 section 4, and of AUTH's responses, RFC 5034 section 4: octets of one line in, a typed command or a syntax
// problem out. Strict: one space between arguments, digits only in numbers, nothing behind the last argument. Reports
// never repeat what was sent.

import { decodeBase64 } from './base64.ts'

/** A message number as the client writes it: 1 is the first message. */
export type MessageNumber = number

/** What a client answers a challenge with, or sends along with AUTH; `malformed` is no base64. */
export type SaslResponse = Uint8Array | 'cancel' | 'malformed'

/** What a command carries besides its verb. */
interface CommandArguments {
  /** Without a mechanism it asks which there are. */
  readonly AUTH: { readonly mechanism: string | undefined; readonly initial: SaslResponse | undefined }
  /** `digest` are 32 lower-case hexadecimal digits. */
  readonly APOP: { readonly name: string; readonly digest: string }
  readonly STLS: NoArguments
  readonly USER: { readonly name: string }
  readonly PASS: { readonly password: Uint8Array }
  readonly LIST: { readonly message: MessageNumber | undefined }
  readonly UIDL: { readonly message: MessageNumber | undefined }
  readonly RETR: { readonly message: MessageNumber }
  readonly DELE: { readonly message: MessageNumber }
  readonly TOP: { readonly message: MessageNumber; readonly lines: number }
  readonly QUIT: NoArguments
  readonly NOOP: NoArguments
  readonly STAT: NoArguments
  readonly RSET: NoArguments
  readonly CAPA: NoArguments
  readonly LAST: NoArguments
  readonly HELP: NoArguments
  readonly UTF8: NoArguments
  /** An asterisk or a language range in ASCII; without one it asks which there are. */
  readonly LANG: { readonly range: string | undefined }
}
type NoArguments = Readonly<Record<never, never>>

export type Verb = keyof CommandArguments
export type CommandOf<V extends Verb> = { readonly verb: V } & CommandArguments[V]
export type Command = { [V in Verb]: CommandOf<V> }[Verb]

/** Why a line is no command; what the client is told of it depends on its language. */
export interface SyntaxProblem {
  readonly verb: undefined
  readonly problem: ProblemName
}

export type ProblemName =
  | 'empty'
  | 'unknown'
  | 'controls'
  | 'argument' // there is one, and should be none
  | 'name'
  | 'password'
  | 'mechanism'
  | 'digest'
  | 'message'
  | 'lines'
  | 'language'

const space = 0x20
const eight = 0x38

/** Reads what follows the verb: undefined when the line ended there, otherwise the octets behind one space. */
type ArgumentGrammar<C> = (argument: Uint8Array | undefined) => C | SyntaxProblem

const problems = {
  empty: problem('empty'),
  unknown: problem('unknown'),
  controls: problem('controls'),
  argument: problem('argument'),
  name: problem('name'),
  password: problem('password'),
  mechanism: problem('mechanism'),
  digest: problem('digest'),
  message: problem('message'),
  lines: problem('lines'),
  language: problem('language'),
}

/** What each verb takes. Where nothing varies, the command is the same object every time. */
const grammars: { readonly [V in Verb]: ArgumentGrammar<CommandOf<V>> } = {
  USER: userName,
  PASS: password,
  AUTH: mechanismAndResponse,
  APOP: nameAndDigest,
  STLS: bare('STLS'),
  QUIT: bare('QUIT'),
  NOOP: bare('NOOP'),
  STAT: bare('STAT'),
  LIST: optionalMessage('LIST'),
  RETR: message('RETR'),
  DELE: message('DELE'),
  RSET: bare('RSET'),
  TOP: messageAndLines,
  UIDL: optionalMessage('UIDL'),
  CAPA: bare('CAPA'),
  LAST: bare('LAST'),
  HELP: bare('HELP'),
  UTF8: bare('UTF8'),
  LANG: languageRange,
}

const grammarByKey = new Map(
  Object.entries(grammars).map(([verb, grammar]): [number, ArgumentGrammar<Command>] => [
    verbKey(Buffer.from(verb), verb.length),
    grammar,
  ]),
)

/** Parses one line, its end already taken off. The result may hold views of `line`. */
export function parseCommand(line: Uint8Array): Command | SyntaxProblem {
  if (line.length === 0) return problems.empty
  if (hasForbiddenControl(line)) return problems.controls
  const afterVerb = line.indexOf(space)
  const verbOctets = afterVerb < 0 ? line.length : afterVerb
  const grammar = grammarByKey.get(verbKey(line, verbOctets))
  if (!grammar) return problems.unknown
  return grammar(afterVerb < 0 ? undefined : line.subarray(afterVerb + 1))
}

/** Three or four letters, either case, packed into one number; 0 for anything else. The 8 of UTF8 counts as one. */
function verbKey(octets: Uint8Array, length: number): number {
  if (length < 3 || length > 4) return 0
  let key = 0
  for (let i = 0; i < length; i++) {
    // Only letters have a lower-case form between a and z once this bit is set.
    const octet = octets[i] ?? 0
    const letter = octet | 0x20
    if ((letter < 0x61 || letter > 0x7a) && octet !== eight) return 0
    key = key * 256 + letter
  }
  return key
}

/** NUL, CR and LF cannot be part of a line, not even of a password. */
function hasForbiddenControl(line: Uint8Array): boolean {
  for (const octet of line) {
    if (octet === 0 || octet === 13 || octet === 10) return true
  }
  return false
}

function bare<V extends Verb>(verb: V): ArgumentGrammar<{ readonly verb: V }> {
  const command = { verb }
  return argument => (argument === undefined ? command : problems.argument)
}

/** Octet for octet what follows the space, with every further space. */
function password(argument: Uint8Array | undefined): CommandOf<'PASS'> | SyntaxProblem {
  return argument === undefined || argument.length === 0
    ? problems.password
    : { verb: 'PASS', password: argument }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const notInNames = /[\p{Cc}\p{Cf}\p{Z}]/u

function userName(argument: Uint8Array | undefined): CommandOf<'USER'> | SyntaxProblem {
  const name = argument && nameIn(argument)
  return name === undefined ? problems.name : { verb: 'USER', name }
}

/** One word of printable characters, UTF-8 (RFC 6856 section 2.2) included. */
function nameIn(octets: Uint8Array): string | undefined {
  try {
    const name = utf8.decode(octets)
    return name === '' || notInNames.test(name) ? undefined : name
  } catch {
    return undefined
  }
}

const digestForm = /^[0-9a-f]{32}$/

/** RFC 1939 section 7, APOP. */
function nameAndDigest(argument: Uint8Array | undefined): CommandOf<'APOP'> | SyntaxProblem {
  const gap = argument?.indexOf(space) ?? -1
  if (argument === undefined || gap < 0) return problems.digest
  const name = nameIn(argument.subarray(0, gap))
  const digest = latin1(argument.subarray(gap + 1))
  return name === undefined || !digestForm.test(digest) ? problems.digest : { verb: 'APOP', name, digest }
}

/** RFC 4422 section 3.1. */
const mechanismForm = /^[A-Za-z0-9_-]{1,20}$/
const equals = 0x3d
const asterisk = 0x2a

/** RFC 5034 section 4; a space and nothing behind AUTH asks for the list too, as some clients do. */
function mechanismAndResponse(argument: Uint8Array | undefined): CommandOf<'AUTH'> | SyntaxProblem {
  if (argument === undefined || argument.length === 0) {
    return { verb: 'AUTH', mechanism: undefined, initial: undefined }
  }
  const gap = argument.indexOf(space)
  const mechanism = latin1(gap < 0 ? argument : argument.subarray(0, gap))
  if (!mechanismForm.test(mechanism)) return problems.mechanism
  if (gap < 0) return { verb: 'AUTH', mechanism, initial: undefined }
  const initial = argument.subarray(gap + 1)
  if (initial.length === 0 || initial.includes(space)) return problems.mechanism
  // An empty initial response is written `=`, to differ from none.
  const isEmpty = initial.length === 1 && initial[0] === equals
  return {
    verb: 'AUTH',
    mechanism,
    initial: isEmpty ? new Uint8Array(0) : (decodeBase64(initial) ?? 'malformed'),
  }
}

/** Parses a line that answers a challenge. */
export function parseSaslResponse(line: Uint8Array): SaslResponse {
  return line.length === 1 && line[0] === asterisk ? 'cancel' : (decodeBase64(line) ?? 'malformed')
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')
}

function message<V extends 'RETR' | 'DELE'>(
  verb: V,
): ArgumentGrammar<{ readonly verb: V; readonly message: MessageNumber }> {
  return argument => {
    const number = argument && positiveNumber(argument, 0, argument.length)
    return number === undefined ? problems.message : { verb, message: number }
  }
}

function optionalMessage<V extends 'LIST' | 'UIDL'>(
  verb: V,
): ArgumentGrammar<{ readonly verb: V; readonly message: MessageNumber | undefined }> {
  const all = { verb, message: undefined }
  return argument => {
    if (argument === undefined) return all
    const number = positiveNumber(argument, 0, argument.length)
    return number === undefined ? problems.message : { verb, message: number }
  }
}

function messageAndLines(argument: Uint8Array | undefined): CommandOf<'TOP'> | SyntaxProblem {
  const gap = argument?.indexOf(space) ?? -1
  if (argument === undefined || gap < 0) return problems.lines
  const number = positiveNumber(argument, 0, gap)
  const zero = argument.length === gap + 2 && argument[gap + 1] === 0x30
  const lines = zero ? 0 : positiveNumber(argument, gap + 1, argument.length)
  return number === undefined || lines === undefined
    ? problems.lines
    : { verb: 'TOP', message: number, lines }
}

/** `[1-9][0-9]{0,9}` and nothing else; ten digits are exact in a double, and more than any maildrop has messages. */
function positiveNumber(octets: Uint8Array, from: number, to: number): number | undefined {
  if (to <= from || to - from > 10 || octets[from] === 0x30) return undefined
  let number = 0
  for (let i = from; i < to; i++) {
    const digit = (octets[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}

/** RFC 4647 section 2.1, and the asterisk of RFC 6856 section 3. */
const rangeForm = /^(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7})$/

function languageRange(argument: Uint8Array | undefined): CommandOf<'LANG'> | SyntaxProblem {
  if (argument === undefined) return { verb: 'LANG', range: undefined }
  const range = latin1(argument)
  return rangeForm.test(range) ? { verb: 'LANG', range } : problems.language
}

function problem(name: ProblemName): SyntaxProblem {
  return { verb: undefined, problem: name }
}
