// Questions to the person at the terminal, and passwords: from standard input or typed unseen, never an argument, which
// every user of the machine could read.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Option } from 'commander'
import { CommandFailure, exitCodes } from './failure.ts'

/** What a PASS line carries besides the verb, a space and CRLF. RFC 2449 section 4. */
const maxPasswordOctets = 248

export interface PasswordOptions {
  readonly passwordStdin?: boolean
}

/** The terminal the command talks to; tests put others in its place. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

const processTerminal: Terminal = { input: process.stdin, output: process.stderr }

export function passwordStdinOption(): Option {
  return new Option('--password-stdin', 'read the password from standard input')
}

/** A new password: all of standard input without its last line end, or typed twice at the terminal. */
export async function readNewPassword(
  { passwordStdin = false }: PasswordOptions,
  terminal: Terminal = processTerminal,
): Promise<Uint8Array> {
  if (passwordStdin) return checkPassword(await readAll(terminal.input))
  if (!terminal.input.isTTY)
    throw new CommandFailure('standard input is no terminal: use --password-stdin', exitCodes.usage)
  const password = await ask('Password: ', 'hidden', terminal)
  if ((await ask('Again: ', 'hidden', terminal)) !== password)
    throw new CommandFailure('the two passwords differ; nothing was changed')
  return checkPassword(Buffer.from(password))
}

/** A password that is already someone's: from standard input without its last line end, or typed once at the terminal. */
export async function readPassword(
  { passwordStdin = false }: PasswordOptions,
  terminal: Terminal = processTerminal,
): Promise<Uint8Array> {
  if (!passwordStdin && !terminal.input.isTTY)
    throw new CommandFailure('standard input is no terminal: use --password-stdin', exitCodes.usage)
  const password = passwordStdin
    ? await readAll(terminal.input)
    : Buffer.from(await ask('Password: ', 'hidden', terminal))
  const fault = passwordFault(password)
  if (fault) throw new CommandFailure(fault, exitCodes.usage)
  return password
}

/**
 * A secret of any length: from standard input without its last line end, of which no more is read than shows that it is too
 * long, or typed once at the terminal. It is not checked.
 */
export async function readSecret(
  { passwordStdin = false }: PasswordOptions,
  { question, maxOctets }: { readonly question: string; readonly maxOctets: number },
  terminal: Terminal = processTerminal,
): Promise<Uint8Array> {
  if (passwordStdin) return readAll(terminal.input, maxOctets)
  if (!terminal.input.isTTY)
    throw new CommandFailure('standard input is no terminal: use --password-stdin', exitCodes.usage)
  return Buffer.from(await ask(question, 'hidden', terminal))
}

/** True for `y` or `yes`. Where nobody can answer, ends the command naming the option that would. */
export async function confirm(
  question: string,
  insteadOption: string,
  terminal: Terminal = processTerminal,
): Promise<boolean> {
  if (!terminal.input.isTTY)
    throw new CommandFailure(`standard input is no terminal: use ${insteadOption}`, exitCodes.usage)
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `, 'shown', terminal)).trim())
}

/** Lines of standard input until its end or the signal; at a terminal they are not shown. */
export async function* linesTyped(
  signal: AbortSignal,
  { input }: Pick<Terminal, 'input'> = processTerminal,
): AsyncGenerator<string, void> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: unseen, terminal: input.isTTY === true, signal })
  // A terminal that shows nothing sends no signal by itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    yield* lines
  } finally {
    lines.close()
  }
}

function ask(question: string, echo: 'shown' | 'hidden', { input, output }: Terminal): Promise<string> {
  output.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: echo === 'shown' ? output : unseen, terminal: true })
  return new Promise<string>((resolve, reject) => {
    lines.once('line', line => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => {
      if (echo === 'hidden') output.write('\n')
      reject(new CommandFailure('nothing was entered; nothing was changed'))
    })
  })
}

async function readAll(
  input: AsyncIterable<string | Uint8Array>,
  maxOctets = maxPasswordOctets,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk))
    octets += chunk.length
    if (octets > maxOctets + 2) break
  }
  const all = Buffer.concat(chunks)
  if (all.at(-1) !== 0x0a) return all
  return all.subarray(0, all.at(-2) === 0x0d ? -2 : -1)
}

function checkPassword(password: Uint8Array): Uint8Array {
  const fault = passwordFault(password)
  if (fault) throw new CommandFailure(`${fault}; nothing was changed`)
  return password
}

function passwordFault(password: Uint8Array): string | undefined {
  if (password.length === 0) return 'the password is empty'
  if (password.length > maxPasswordOctets)
    return `a password has at most ${maxPasswordOctets} octets: a PASS line holds no more`
  if (password.some(octet => octet === 0 || octet === 0x0a || octet === 0x0d))
    return 'a password has no line end and no NUL: a PASS line cannot carry them'
  return undefined
}
