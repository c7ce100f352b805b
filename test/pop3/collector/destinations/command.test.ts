// A command as a destination: what it is given, what its exit codes mean, and commands that do not behave.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandDestination } from '../../../../src/pop3/collector/destinations/command.ts'
import { makeLetter, plainLetter, storing } from './letters.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-command-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const shell = (script: string, timeLimitMs = 20_000) =>
  commandDestination('d', ['/bin/sh', '-c', script, 'sh', folder], { timeLimitMs })

it('gives the message with LF line ends, and tells of it in the environment', async () => {
  const letter = makeLetter('uidl', 'A: b\r\n\r\n.\r\nFrom x\r\na\rb\0\xe9\r\n', { pieceOctets: 3 })
  process.env['POPLAR_KEY'] = 'secret'
  const outcome = await shell('cat > "$1/message"; env > "$1/environment"').store(letter, storing())
  delete process.env['POPLAR_KEY']
  expect(outcome).toBe('stored')
  expect(readFileSync(join(folder, 'message'), 'latin1')).toBe('A: b\n\n.\nFrom x\na\rb\0\xe9\n')
  const environment = readFileSync(join(folder, 'environment'), 'utf8').split('\n')
  expect(environment).toContain(`POPLAR_DELIVERY_KEY=${letter.deliveryKey}`)
  expect(environment).toContain('POPLAR_SOURCE=old')
  expect(environment).toContain('POPLAR_SENDER=bob@example.org')
  expect(environment.join('\n')).not.toContain('secret')
})

it.each([
  [1, 'message', /ended with 1: no thanks/],
  [65, 'message', /ended with 65/],
  [67, 'configuration', /67 \(EX_NOUSER\)/],
  [69, 'unavailable', /EX_UNAVAILABLE/],
  [73, 'unavailable', /EX_CANTCREAT/],
  [75, 'unavailable', /EX_TEMPFAIL/],
  [78, 'configuration', /EX_CONFIG/],
  [111, 'unavailable', /temporary/],
  [127, 'configuration', /not found/],
])('exit code %i is a fault: %s', async (code, fault, message) => {
  const refused = shell(`cat >/dev/null; echo no thanks >&2; exit ${code}`).store(plainLetter(1), storing())
  await expect(refused).rejects.toMatchObject({ fault, message: expect.stringMatching(message) as string })
})

describe('a command that', () => {
  it('never reads, and one that reads half, decide by their exit code', async () => {
    const large = plainLetter(1, 40_000)
    expect(await shell('exit 0').store(large, storing())).toBe('stored')
    expect(await shell('head -c 10 >/dev/null; exit 0').store(large, storing())).toBe('stored')
    await expect(shell('exit 75').store(large, storing())).rejects.toMatchObject({ fault: 'unavailable' })
  })

  it('says too much, and control characters, is shown cut and clean', async () => {
    const talker = shell('cat >/dev/null; yes "$(printf "\\033[31mred")" | head -c 3000000; exit 1')
    const error: unknown = await talker.store(plainLetter(1), storing()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ fault: 'message' })
    expect(String(error).length).toBeLessThan(400)
    expect(String(error)).not.toContain('\u001b')
  })

  it('does not end is ended, with all that it has started', async () => {
    const stuck = shell('(sleep 600 & echo $! > "$1/child"; wait) & cat >/dev/null; sleep 600', 700)
    await expect(stuck.store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'unavailable',
      message: '/bin/sh was ended: it ran for more than 0.7 s',
    })
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'))
    await expect.poll(() => existsSync(`/proc/${child}`) && !isZombie(child)).toBe(false)
  })

  it('leaves somebody behind who holds its output is not waited for', async () => {
    const leaving = shell('cat >/dev/null; sleep 30 & echo $! > "$1/child"; exit 0')
    expect(await leaving.store(plainLetter(1), storing())).toBe('stored')
    process.kill(Number(readFileSync(join(folder, 'child'), 'utf8')))
  })

  it('was killed is tried again', async () => {
    await expect(shell('kill -9 $$').store(plainLetter(1), storing())).rejects.toMatchObject({
      fault: 'unavailable',
      message: '/bin/sh was ended by SIGKILL',
    })
  })

  it('is not there, or may not be run, needs a person', async () => {
    writeFileSync(join(folder, 'plain'), 'x', { mode: 0o644 })
    for (const name of ['nothing', 'plain'])
      await expect(
        commandDestination('d', [join(folder, name)]).store(plainLetter(1), storing()),
      ).rejects.toMatchObject({ fault: 'configuration' })
  })
})

it('is ended when the collector is told to stop', async () => {
  const stopping = new AbortController()
  const running = shell('echo > "$1/begun"; exec sleep 600').store(plainLetter(1), storing(stopping.signal))
  await expect.poll(() => existsSync(join(folder, 'begun'))).toBe(true)
  stopping.abort()
  await expect(running).rejects.toMatchObject({ fault: 'unavailable', message: 'stopped' })
})

it('never takes a message that could not be read whole for stored', async () => {
  const letter = {
    ...plainLetter(1),
    async *body() {
      yield Buffer.from('A: b\r\n')
      await Promise.resolve()
      throw new Error('the spool file was cut off')
    },
  }
  const storingIt = shell('cat > "$1/message"; exit 0').store(letter, storing())
  await expect(storingIt).rejects.toThrow('the spool file was cut off')
})

function isZombie(pid: number): boolean {
  return /^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
