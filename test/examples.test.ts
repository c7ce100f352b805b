// Every example runs as its reader would run it: compiled, in a folder of its own where `poplar-mail` is installed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deliverByLmtp, LinePeer } from './e2e/line-peer.ts'
import { Office } from './e2e/office.ts'
import { itWith, runOrFail } from './e2e/program.ts'

const root = resolve(import.meta.dirname, '..')
const examples = join(root, 'examples')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-examples-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/poplar-mail'))
  for (const name of readdirSync(examples).filter(file => file.endsWith('.ts'))) {
    const source = readFileSync(join(examples, name), 'utf8')
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }
    const { outputText } = ts.transpileModule(source, { compilerOptions })
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), outputText)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts a compiled example and waits until what it prints matches. */
async function start(name: string, args: readonly string[], pattern: RegExp) {
  const child = spawn(process.execPath, [name, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (pattern.test(output)) return { child, output }
  }
  throw new Error(`${name} ended without saying ${pattern}: ${output}`)
}

describe('embed-pop3', () => {
  it('serves a maildrop made on the spot, and deletes from it at QUIT', async () => {
    const { child, output } = await start('embed-pop3.js', ['127.0.0.1:0'], /^reports on port \d+\n/m)
    try {
      const port = Number(/\d+/.exec(output)?.[0])
      const first = await LinePeer.logIn(port, 'ann', 'secret')
      await expect(LinePeer.logIn(port, 'ann', 'secret')).rejects.toThrow(/^-ERR \[IN-USE\]/)
      expect((await first.askBody('RETR 1')).toString()).toMatch(
        /Disk 71 % full\.\r\n\.\. and no errors\.\r\n$/,
      )
      await first.ask('DELE 1')
      expect(await first.ask('QUIT')).toMatch(/^\+OK/)
      await first.end()
      const second = await LinePeer.logIn(port, 'ann', 'secret')
      expect((await second.askBody('UIDL')).toString()).toBe('1 report-2026-11-20\r\n')
      second.drop()
    } finally {
      child.kill('SIGTERM')
    }
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('office-from-code', () => {
  it('takes mail in by SMTP and gives it out by POP3', async () => {
    const { child, output } = await start(
      'office-from-code.js',
      [],
      /^pop3 on port \d+\n[^]*^smtp on port \d+\n/m,
    )
    try {
      const port = (service: string) =>
        Number(new RegExp(`^${service} on port (\\d+)$`, 'm').exec(output)?.[1])
      const sender = await LinePeer.connect(port('smtp'))
      await sender.smtpReply()
      for (const command of [
        'EHLO test.example',
        'MAIL FROM:<>',
        'RCPT TO:<anyone@office.example.net>',
        'DATA',
      ])
        await sender.askSmtp(command)
      sender.write('Subject: hello\r\n\r\n..\r\n.\r\n')
      expect(await sender.smtpReply()).toMatch(/^250/)
      sender.drop()
      const reader = await LinePeer.logIn(port('pop3'), 'ann', 'secret')
      expect((await reader.askBody('RETR 1')).toString()).toMatch(/\r\nSubject: hello\r\n\r\n\.\r\n$/)
      reader.drop()
    } finally {
      child.kill('SIGTERM')
    }
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('fetch-new.py', () => {
  itWith('python3', 'fetches each message once, and leaves all of them', async () => {
    const office = await Office.open(['ann'])
    try {
      const fetchNew = () =>
        runOrFail(
          'python3',
          [
            join(examples, 'fetch-new.py'),
            '127.0.0.1',
            String(office.ports.pop3),
            'ann',
            join(folder, 'mail'),
          ],
          { env: { POP3_PASSWORD: 'ann-secret' } },
        )
      await deliverByLmtp(office.ports.lmtp, ['ann'], Buffer.from('Subject: 1\r\n\r\n.\r\n'))
      expect((await fetchNew()).toString()).toBe('fetched 1 new\n')
      await deliverByLmtp(office.ports.lmtp, ['ann'], Buffer.from('Subject: 2\r\n\r\n..\r\n'))
      expect((await fetchNew()).toString()).toBe('fetched 1 new\n')
      expect((await fetchNew()).toString()).toBe('fetched 0 new\n')
      const bodies = readdirSync(join(folder, 'mail')).map(name =>
        readFileSync(join(folder, 'mail', name), 'latin1'),
      )
      expect(bodies.map(text => text.slice(text.indexOf('Subject'))).sort()).toEqual([
        'Subject: 1\r\n\r\n.\r\n',
        'Subject: 2\r\n\r\n..\r\n',
      ])
    } finally {
      await office.close()
    }
  })
})
