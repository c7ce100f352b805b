// The grammar of POP2's commands, RFC 937: octets of one line in, a typed command or a syntax problem out. One space between
// arguments, digits only in numbers; a backslash takes the octet behind it as it is. Reports never repeat what was sent.

/** What a command carries besides its verb. */
interface CommandArguments {
  readonly HELO: { readonly name: string; readonly password: Uint8Array }
  readonly FOLD: { readonly mailbox: string }
  /** Without a number: the current message. */
  readonly READ: { readonly message: number | undefined }
  readonly RETR: NoArguments
  readonly ACKS: NoArguments
  readonly ACKD: NoArguments
  readonly NACK: NoArguments
  readonly QUIT: NoArguments
}
type NoArguments = Readonly<Record<never, never>>

export type Verb = keyof CommandArguments
export type CommandOf<V extends Verb> = { readonly verb: V } & CommandArguments[V]
export type Command = { [V in Verb]: CommandOf<V> }[Verb]

/** Why a line is no command; `problem` is a sentence for the client, in US-ASCII. */
export interface SyntaxProblem {
  readonly verb: undefined
  readonly problem: string
}

/** How long a line may be, its end included; RFC 937 sets no limit. */
export const commandLineOctets = 512

type Grammar<C> = (argument: Uint8Array | undefined) => C | SyntaxProblem

const problems = {
  unknown: problem('unknown command'),
  controls: problem('control characters are not allowed'),
  noArgument: problem('this command takes no argument'),
  login: problem('a user name and a password expected'),
  mailbox: problem('the name of a mailbox expected'),
  message: problem('a message number expected'),
}

const grammars: { readonly [V in Verb]: Grammar<CommandOf<V>> } = {
  HELO: nameAndPassword,
  FOLD: mailboxName,
  READ: optionalMessage,
  RETR: bare('RETR'),
  ACKS: bare('ACKS'),
  ACKD: bare('ACKD'),
  NACK: bare('NACK'),
  QUIT: bare('QUIT'),
}
const grammarByVerb = new Map<string, Grammar<Command>>(Object.entries(grammars))

const space = 0x20
const backslash = 0x5c

/** Parses one line, its end already taken off. */
export function parseCommand(line: Uint8Array): Command | SyntaxProblem {
  if (line.some(octet => octet === 0 || octet === 13 || octet === 10)) return problems.controls
  const gap = line.indexOf(space)
  const verb = Buffer.from(gap < 0 ? line : line.subarray(0, gap)).toString('latin1')
  const grammar = grammarByVerb.get(verb.toUpperCase())
  if (!grammar) return problems.unknown
  return grammar(gap < 0 ? undefined : line.subarray(gap + 1))
}

function bare<V extends Verb>(verb: V): Grammar<{ readonly verb: V }> {
  const command = { verb }
  return argument => (argument === undefined ? command : problems.noArgument)
}

/** The password is the rest of the line: its spaces may be quoted, as RFC 937 has it, or not. */
function nameAndPassword(argument: Uint8Array | undefined): CommandOf<'HELO'> | SyntaxProblem {
  if (argument === undefined) return problems.login
  const gap = firstBareSpace(argument)
  if (gap < 0) return problems.login
  const name = word(argument.subarray(0, gap))
  const password = unquoted(argument.subarray(gap + 1))
  if (name === undefined || password === undefined || password.length === 0) return problems.login
  return { verb: 'HELO', name, password }
}

function mailboxName(argument: Uint8Array | undefined): CommandOf<'FOLD'> | SyntaxProblem {
  const mailbox = argument && word(argument)
  return mailbox === undefined ? problems.mailbox : { verb: 'FOLD', mailbox }
}

const numberForm = /^[1-9][0-9]{0,9}$/

function optionalMessage(argument: Uint8Array | undefined): CommandOf<'READ'> | SyntaxProblem {
  if (argument === undefined) return { verb: 'READ', message: undefined }
  const digits = Buffer.from(argument).toString('latin1')
  return numberForm.test(digits) ? { verb: 'READ', message: Number(digits) } : problems.message
}

function firstBareSpace(octets: Uint8Array): number {
  for (let at = 0; at < octets.length; at++) {
    if (octets[at] === backslash) at += 1
    else if (octets[at] === space) return at
  }
  return -1
}

/** Undefined when a backslash has nothing behind it. */
function unquoted(octets: Uint8Array): Uint8Array | undefined {
  if (!octets.includes(backslash)) return octets
  const plain: number[] = []
  for (let at = 0; at < octets.length; at++) {
    if (octets[at] === backslash) at += 1
    const octet = octets[at]
    if (octet === undefined) return undefined
    plain.push(octet)
  }
  return Uint8Array.from(plain)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const notInWords = /[\p{Cc}\p{Cf}\p{Z}]/u

/** Printable characters without a space; an account's name and a mailbox's never have one. */
function word(octets: Uint8Array): string | undefined {
  const plain = unquoted(octets)
  if (plain === undefined) return undefined
  try {
    const text = utf8.decode(plain)
    return text === '' || notInWords.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function problem(text: string): SyntaxProblem {
  return { verb: undefined, problem: text }
}
