// Against a real Dovecot: the UIDLs and the order its POP3 clients see are those we read out of the same files, and what
// we write it serves with our UIDLs, octet for octet.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { openMaildir } from '../../../src/store/archive/maildir-reader.ts'
import { writeMaildir } from '../../../src/store/archive/maildir-writer.ts'
import { openMbox } from '../../../src/store/archive/mbox-reader.ts'
import { writeMbox } from '../../../src/store/archive/mbox-writer.ts'
import { itWith } from '../../e2e/program.ts'
import { dovecotUidls, runDovecotPop3 } from './dovecot-pop3.ts'
import { asStored, type Sample } from './nasty.ts'

let folder: string
let maildir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'poplar-dovecot-'))
  maildir = join(folder, 'Maildir')
})
afterEach(() => rmSync(folder, { recursive: true }))

const messageFiles = [
  ['new', '1700000003.M5P1.host'],
  ['cur', '1700000001.M1P1.host,S=29,W=32:2,S'],
  ['cur', '1700000002.M9P1.Host,S=29:2,RS'],
  ['cur', '1600000000.V801I5.host:2,'],
  ['new', '1700000001.M0P1.host'],
] as const

function writeFiles(files: readonly (readonly [string, string])[]): void {
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
  for (const [part, name] of files)
    writeFileSync(join(maildir, part, name), `Subject: ${name.slice(0, 12)}\n\nhello\n`)
}

async function ourUidls(uidlFormat?: string) {
  const archive = await openMaildir(maildir, uidlFormat === undefined ? {} : { uidlFormat })
  const uidls: (string | undefined)[] = []
  for await (const message of archive.messages) uidls.push(message.uidl)
  return uidls
}

describe('a Maildir that Dovecot served', () => {
  // Each of these was seen to mean something to Dovecot 2.3 that a plain printf would get wrong.
  const formats = [
    ['%08Xu%08Xv', 'the default'],
    ['%v-%u', 'what Dovecot 0.99 and UW sent'],
    ['UID%u-%v', 'what a move from Courier configures'],
    ['%f', 'the name, sizes included, flags not'],
    ['%g', 'the GUID, which is the name'],
    ['%Mf', 'MD5 of the name'],
    ['%LMf', 'MD5 of the name in lower case: modifiers go from left to right'],
    ['%MUf', 'MD5 in upper case'],
    ['%.4f', 'the first four characters: many messages, one UIDL'],
    ['%2.4f', 'four characters from the third'],
    ['%12f', 'a width without 0 cuts'],
    ['%010u', 'a width with 0 fills up'],
    ['%02Xv', 'a width with 0 does not cut'],
    ['%Xu%%', 'a percent sign'],
  ] as const
  for (const [uidlFormat, reason] of formats)
    itWith('dovecot', `has the UIDLs we read: ${uidlFormat}, ${reason}`, async () => {
      writeFiles(messageFiles)
      const theirs = await dovecotUidls(folder, `maildir:${maildir}`, { pop3_uidl_format: uidlFormat })
      expect(theirs).toHaveLength(messageFiles.length)
      expect(await ourUidls(uidlFormat)).toEqual(theirs)
    })

  itWith(
    'dovecot',
    'has the order and the UIDLs we read when a list says something else than the format',
    async () => {
      writeFiles(messageFiles)
      const [a, b, c, d, e] = messageFiles.map(([, name]) => name.replace(/:.*/, ''))
      const list = [
        '3 V1500000000 N20 Gc0ffee0000000000000000000000beef',
        `3 PUID7-99 O2 W32 :${a}`,
        `5 P :${b}`,
        `8 Gabc123 :${c}`,
        `9 O1 :${d}`,
        `12 :${e}`,
        '',
      ]
      writeFileSync(join(maildir, 'dovecot-uidlist'), list.join('\n'))
      const theirs = await dovecotUidls(folder, `maildir:${maildir}`)
      expect(theirs).toEqual(['0000000959682f00', 'UID7-99', b, '0000000859682f00', '0000000c59682f00'])
      expect(await ourUidls()).toEqual(theirs)
      const guids = await dovecotUidls(folder, `maildir:${maildir}`, { pop3_uidl_format: '%g' })
      expect(await ourUidls('%g')).toEqual(guids)
      expect(guids).toContain('abc123')
    },
  )

  itWith('dovecot', 'has its UIDLs still when messages were deleted and came since', async () => {
    writeFiles(messageFiles)
    await runDovecotPop3(folder, `maildir:${maildir}`, ['DELE 2', 'DELE 4'])
    writeFiles([['new', '1650000000.M1P9.late']])
    const theirs = await dovecotUidls(folder, `maildir:${maildir}`)
    expect(theirs).toHaveLength(4)
    expect(await ourUidls()).toEqual(theirs)
  })
})

const samples: readonly Sample[] = [
  {
    uidl: 'zz-first',
    internalDate: new Date(1_700_000_000_000),
    flags: ['seen'],
    content: Buffer.from('A: 1\r\n\r\nx\r\n'),
  },
  {
    uidl: '!"#$%&:P,',
    internalDate: new Date(1_500_000_000_000),
    flags: [],
    content: Buffer.from('A: 2\r\n\r\n.\r\n..\r\n'),
  },
  {
    uidl: 'x'.repeat(70),
    internalDate: new Date(1_600_000_000_000),
    flags: ['answered', 'flagged'],
    content: Buffer.from('A: 3\r\n\r\nFrom x\r\nFrom y Thu Nov 20 19:17:00 2026\r\n\r\nFrom z\r\n'),
  },
]

describe('an mbox that Dovecot served', () => {
  itWith('dovecot', 'has the UIDLs we read, before and after a deletion', async () => {
    const mbox = join(folder, 'mbox')
    mkdirSync(join(folder, 'mail'))
    const messages = ['one', 'two', 'three'].map(
      subject => `From ann Thu Nov 20 19:17:00 2026\nSubject: ${subject}\nX-UIDL: forged\n\nbody\n\n`,
    )
    writeFileSync(mbox, messages.join(''))
    const location = `mbox:${folder}/mail:INBOX=${mbox}`
    await runDovecotPop3(folder, location, ['DELE 2'], { mbox_write_locks: 'fcntl' })
    const theirs = await dovecotUidls(folder, location, { mbox_write_locks: 'fcntl' })
    expect(theirs).toHaveLength(2)
    const ours: (string | undefined)[] = []
    for await (const { uidl } of (await openMbox(mbox)).messages) ours.push(uidl)
    expect(ours).toEqual(theirs)
  })
})

describe('what we export', () => {
  itWith('dovecot', 'is served by Dovecot with our UIDLs, in our order, octet for octet', async () => {
    await writeMaildir(maildir, asStored(samples))
    expect(await dovecotUidls(folder, `maildir:${maildir}`)).toEqual(samples.map(({ uidl }) => uidl))
    const replies = await runDovecotPop3(folder, `maildir:${maildir}`, ['LIST', 'RETR 1', 'RETR 2', 'RETR 3'])
    const lists = samples.map(({ content }, index) => `${index + 1} ${content.length}\r\n`).join('')
    const bodies = samples.map(
      ({ content }) =>
        `+OK ${content.length} octets\r\n${Buffer.from(content).toString().replace(/^\./gm, '..')}.\r\n`,
    )
    expect(replies).toContain(lists + '.\r\n' + bodies.join(''))
    // And back again, after Dovecot has rewritten its list.
    expect(await ourUidls()).toEqual(samples.map(({ uidl }) => uidl))
  })

  itWith('dovecot', 'as an mbox is served with our UIDLs where Dovecot reuses X-UIDL', async () => {
    const mbox = join(folder, 'mbox')
    await writeMbox(mbox, asStored(samples))
    const location = `mbox:${folder}/mail:INBOX=${mbox}`
    mkdirSync(join(folder, 'mail'))
    const uidls = await dovecotUidls(folder, location, { pop3_reuse_xuidl: 'yes', mbox_write_locks: 'fcntl' })
    expect(uidls).toEqual(samples.map(({ uidl }) => uidl))
    // Dovecot writes fields of its own into the mbox; ours still are recognised.
    const back: (string | undefined)[] = []
    for await (const { uidl } of (await openMbox(mbox)).messages) back.push(uidl)
    expect(back).toEqual(samples.map(({ uidl }) => uidl))
  })
})
