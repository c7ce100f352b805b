// Passwords and questions, at a terminal that is none: typed keys come from a stream that says it is a TTY.
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CommandFailure } from '../../src/cli/failure.ts'
import { confirm, linesTyped, readNewPassword, readSecret, type Terminal } from '../../src/cli/terminal.ts'

interface FakeTerminal extends Terminal {
  /** What is seen on the screen. */
  seen(): string
  type(keys: string): void
  /** The calls that turned the terminal's own echo off and on. */
  readonly rawModes: readonly boolean[]
}

/** A terminal at which `lines` are typed, one after each question. */
function terminalWith(lines: readonly string[], { isTTY = true } = {}): FakeTerminal {
  const rawModes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (mode: boolean) => rawModes.push(mode),
  })
  const output = new PassThrough()
  let seen = ''
  const waiting = [...lines]
  output.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
    // Only a question ends with a space.
    const next = seen.endsWith(' ') ? waiting.shift() : undefined
    if (next !== undefined) setImmediate(() => input.write(next))
  })
  return { input, output, rawModes, seen: () => seen, type: keys => void input.write(keys) }
}

/** Standard input that is a pipe. */
function pipeWith(octets: string | Uint8Array): Terminal {
  const input = new PassThrough()
  input.end(octets)
  return { input, output: new PassThrough() }
}

const read = async (terminal: Terminal, passwordStdin = false) =>
  Buffer.from(await readNewPassword({ passwordStdin }, terminal)).toString()

describe('a typed password', () => {
  it('is asked for twice and never shown', async () => {
    const terminal = terminalWith(['secret ü\r', 'secret ü\r'])
    expect(await read(terminal)).toBe('secret ü')
    expect(terminal.seen()).toBe('Password: \nAgain: \n')
    expect(terminal.rawModes).toEqual([true, false, true, false])
  })

  it('can be corrected while it is typed', async () => {
    expect(await read(terminalWith(['sx\u007fecret\r', 'secret\r']))).toBe('secret')
  })

  it('must be the same both times', async () => {
    const failure = await failureOf(read(terminalWith(['one\r', 'two\r'])))
    expect(failure).toMatchObject({ message: 'the two passwords differ; nothing was changed', exitCode: 1 })
  })

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends the command with %s', async (_, key) => {
    const failure = await failureOf(read(terminalWith([key])))
    expect(failure.message).toBe('nothing was entered; nothing was changed')
  })

  it('needs a terminal', async () => {
    const failure = await failureOf(read(terminalWith([], { isTTY: false })))
    expect(failure).toMatchObject({
      message: 'standard input is no terminal: use --password-stdin',
      exitCode: 2,
    })
  })
})

describe('a password from standard input', () => {
  it.each([
    { why: 'a line end is not part of it', input: 'secret\n', password: 'secret' },
    { why: 'nor is CRLF', input: 'secret\r\n', password: 'secret' },
    { why: 'none is needed', input: 'secret', password: 'secret' },
    { why: 'every space counts', input: '  two  words  \n', password: '  two  words  ' },
    { why: 'any UTF-8', input: 'пароль 🌳\n', password: 'пароль 🌳' },
    { why: 'as long as a PASS line allows', input: 'x'.repeat(248), password: 'x'.repeat(248) },
  ])('$why', async ({ input, password }) => {
    expect(await read(pipeWith(input), true)).toBe(password)
  })

  it.each([
    { why: 'empty', input: '\n', says: 'the password is empty' },
    { why: 'nothing at all', input: '', says: 'the password is empty' },
    { why: 'two lines', input: 'a\nb\n', says: 'a password has no line end and no NUL' },
    { why: 'a lone CR', input: 'a\rb', says: 'a password has no line end and no NUL' },
    { why: 'NUL', input: 'a\0', says: 'a password has no line end and no NUL' },
    { why: 'too long for PASS', input: 'x'.repeat(249), says: 'a password has at most 248 octets' },
    { why: 'endless', input: 'x'.repeat(1_000_000), says: 'a password has at most 248 octets' },
  ])('is refused when it is $why', async ({ input, says }) => {
    const failure = await failureOf(read(pipeWith(input), true))
    expect(failure.exitCode).toBe(1)
    expect(failure.message).toContain(says)
  })
})

describe('confirm', () => {
  it.each([
    ['y', true],
    ['YES', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('%j means %s', async (answer, expected) => {
    const terminal = terminalWith([`${answer}\r`])
    expect(await confirm('Remove it?', '--yes', terminal)).toBe(expected)
    expect(terminal.seen()).toContain('Remove it? [y/N] ')
  })

  it('names the option to use where nobody can answer', async () => {
    const failure = await failureOf(confirm('Remove it?', '--yes', pipeWith('y\n')))
    expect(failure).toMatchObject({ message: 'standard input is no terminal: use --yes', exitCode: 2 })
  })
})

async function failureOf(work: Promise<unknown>): Promise<CommandFailure> {
  const error: unknown = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  )
  if (error instanceof CommandFailure) return error
  throw error
}

describe('a secret of another server', () => {
  const asked = { question: 'Token: ', maxOctets: 10 }
  const secret = async (terminal: Terminal, passwordStdin = false) =>
    Buffer.from(await readSecret({ passwordStdin }, asked, terminal)).toString()

  it('is typed once, and not shown', async () => {
    const terminal = terminalWith(['sesame\r'])
    expect(await secret(terminal)).toBe('sesame')
    expect(terminal.seen()).toBe('Token: \n')
  })

  it('comes from standard input, of which no more is read than tells that it is too long', async () => {
    expect(await secret(pipeWith('sesame\r\n'), true)).toBe('sesame')
    const endless = new PassThrough()
    endless.write('x'.repeat(100))
    expect((await secret({ input: endless, output: new PassThrough() }, true)).length).toBe(100)
  })

  it('is not asked for where there is no terminal', async () => {
    await expect(secret(pipeWith('sesame\n'))).rejects.toThrow('use --password-stdin')
  })
})

describe('lines that are typed while something else is waited for', () => {
  it.each([
    true,
    false,
  ])('come one by one until nobody wants more, and are not shown (terminal: %s)', async isTTY => {
    const terminal = terminalWith([], { isTTY })
    const done = new AbortController()
    const lines = linesTyped(done.signal, terminal)
    terminal.type('one\ntwo\n')
    expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['one', 'two'])
    const next = lines.next()
    done.abort()
    expect(await next).toMatchObject({ done: true })
    expect(terminal.seen()).toBe('')
    expect(terminal.rawModes).toEqual(isTTY ? [true, false] : [])
  })

  it('end with standard input', async () => {
    const lines = linesTyped(new AbortController().signal, pipeWith('one'))
    expect([await lines.next(), await lines.next()]).toMatchObject([{ value: 'one' }, { done: true }])
  })
})
