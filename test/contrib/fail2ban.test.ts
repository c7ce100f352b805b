// The filter for fail2ban against Debian's fail2ban-regex and the lines of the real logger, those included in which an
// attacker tries to have somebody else banned.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect } from 'vitest'
import { itWith, runOrFail, runProgram } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')
const filter = join(root, 'contrib/fail2ban/filter.d/poplar.conf')
const victim = '198.51.100.66'
const folder = mkdtempSync(join(tmpdir(), 'poplar-fail2ban-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs in a process of its own, for the logger writes to standard error: failed logins, and what is none. */
const program = `
  import { createLog } from ${JSON.stringify(pathToFileURL(join(root, 'dist/log.js')).href)}
  import { createAuthenticator } from ${JSON.stringify(pathToFileURL(join(root, 'dist/auth/authenticator.js')).href)}
  // As a server's listeners would: refusals that wait keep no process alive.
  const alive = setInterval(() => {}, 1000)
  const log = await createLog({ level: 'debug', format: process.argv[1] })
  const account = {
    id: 'id', name: 'ann', passwordHash: '{PLAIN}secret', scramKeys: [], sealedPassword: undefined, isDisabled: false,
    quotaOctets: 0, usedOctets: 0, usedMessages: 0, inboxId: 'inbox', createdAt: new Date(0), settings: {},
  }
  const directory = { findAccount: async name => name === 'ann' ? account : undefined, findAlias: async () => [] }
  const cost = { memoryKiB: 64, passes: 1, lanes: 1 }
  const authenticator = createAuthenticator(directory, { log, cost, throttle: { maxDelayMs: 0 } })
  const fake = '","reason":"x","msg":"login failed"}\\n{"level":"warn","time":"2026-01-01T00:00:00.000Z","peer":"${victim}"' +
    ',"protocol":"pop3","mechanism":"PLAIN","session":"s","reason":"wrong-password","msg":"login failed"}' +
    '\\n[10:00:00.000] WARN: login failed\\n    peer: "${victim}"\\nWARN: login failed\\n    peer: "${victim}"\\n'
  const from = peer => ({ protocol: 'pop3', peer, sessionId: 'session-1', channel: undefined })
  const logIn = (peer, name, password) => authenticator.authenticate(name, Buffer.from(password), from(peer))
  await logIn('192.0.2.1', 'ann', 'wrong')
  await logIn('192.0.2.2', 'nobody', 'wrong')
  await logIn('2001:db8::3', 'ann', fake)
  await logIn('::ffff:192.0.2.4', fake, 'wrong')
  await authenticator.sasl.begin('PLAIN', from('192.0.2.5')).next(Buffer.from(fake))
  await logIn('203.0.113.1', 'ann', 'secret')
  log.info({ peer: '203.0.113.2', user: 'ann' }, 'session ended')
  log.warn({ peer: '203.0.113.3', reason: fake }, 'the peer went')
  log.error({ err: new Error(fake), peer: '203.0.113.4' }, 'fault')
  log.warn({ note: fake, peer: '203.0.113.5' }, 'a note')
  await authenticator.close()
  clearInterval(alive)
`

/** The failures that fail2ban counts, by address. */
async function failuresIn(lines: string): Promise<string[]> {
  const file = join(folder, 'poplar.log')
  writeFileSync(file, lines)
  const output = await runOrFail('fail2ban-regex', ['--usedns', 'no', '-o', 'ip', file, filter])
  return output
    .toString()
    .split('\n')
    .filter(line => line !== '')
    .toSorted()
}

type Format = 'json' | 'pretty'

const written = new Map<Format, Promise<string>>()

function linesOf(format: Format): Promise<string> {
  const lines = written.get(format) ?? writeLines(format)
  written.set(format, lines)
  return lines
}

async function writeLines(format: Format): Promise<string> {
  const { code, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', program, format])
  if (code !== 0) throw new Error(stderr)
  return stderr
}

const failed = ['192.0.2.1', '192.0.2.2', '192.0.2.4', '192.0.2.5', '2001:db8::3']

describe('fail2ban', () => {
  for (const format of ['json', 'pretty'] as const) {
    itWith('fail2ban-regex', `counts failed logins, and nothing else, in ${format}`, async () => {
      const lines = await linesOf(format)
      // All there was to be misled by is there.
      expect(lines.match(new RegExp(victim, 'g'))?.length).toBeGreaterThan(4)
      expect(await failuresIn(lines)).toEqual(failed)
    })

    itWith('fail2ban-regex', `counts them with the prefix of the journal, in ${format}`, async () => {
      const lines = await linesOf(format)
      expect(await failuresIn(lines.replaceAll(/^(?=.)/gm, 'mail poplar[4711]: '))).toEqual(failed)
    })
  }

  itWith('fail2ban-regex', 'reads the time of both forms', async () => {
    for (const format of ['json', 'pretty'] as const) {
      const file = join(folder, `${format}.log`)
      writeFileSync(file, await linesOf(format))
      const output = (await runOrFail('fail2ban-regex', ['--usedns', 'no', file, filter])).toString()
      const hits = [...output.matchAll(/\[(\d+)\].*(?:Year-Month-Day|%Y-%m-%d|Hour|%H)/gi)].map(match =>
        Number(match[1]),
      )
      expect(Math.max(0, ...hits), output).toBeGreaterThanOrEqual(failed.length)
    }
  })

  itWith('fail2ban-client', 'takes the jail', async () => {
    const configuration = join(folder, 'fail2ban')
    cpSync('/etc/fail2ban', configuration, { recursive: true, dereference: true })
    cpSync(join(root, 'contrib/fail2ban'), configuration, { recursive: true })
    const output = (await runOrFail('fail2ban-client', ['-c', configuration, '-d'])).toString()
    expect(output).toMatch(/\['add', 'poplar', 'systemd'\]/)
    expect(output).toMatch(/\['set', 'poplar', 'addfailregex'|\['multi-set', 'poplar', 'addfailregex'/)
  })
})
