// A full disk under the data folder: mail is put off, a QUIT says that it could not delete, the process lives, and all
// goes on when there is room again. Needs a small file system of its own, which only root can mount.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, it, type TestContext } from 'vitest'
import { deliverByLmtp, LinePeer, stuff } from './line-peer.ts'
import { logIn, readMaildrop, uidlsOf } from './maildrop.ts'
import { Office } from './office.ts'

const cli = resolve(import.meta.dirname, '../../dist/bin/poplar.js')
const smallMessage = Buffer.from('Subject: small\r\n\r\nsmall\r\n')
const largeMessage = Buffer.from(`Subject: large\r\n\r\n${'A line of the large message.\r\n'.repeat(35_000)}`)
let mountPoint: string | undefined
let office: Office | undefined

/** An office whose data lies on a file system of `mebibytes`. */
async function openOnSmallDisk(context: TestContext, mebibytes: number): Promise<Office> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-disk-'))
  const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]
  const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' })
  if (status !== 0) {
    rmSync(folder, { recursive: true })
    context.skip(`cannot mount a small file system here: ${stderr?.trim() || 'no mount command'}`)
  }
  mountPoint = folder
  office = await Office.open(['ann', 'bob'], { data: join(folder, 'data') })
  return office
}

afterEach(async () => {
  await office?.close()
  office = undefined
  if (mountPoint) {
    spawnSync('umount', [mountPoint])
    rmSync(mountPoint, { recursive: true, force: true })
    mountPoint = undefined
  }
})

/** Takes all the room that is left; gives a function that frees it. */
function fillDisk(): () => void {
  const file = join(mountPoint ?? '', 'filler')
  const descriptor = openSync(file, 'w')
  for (let octets = 1 << 20; octets >= 1; octets = octets >> 1) {
    try {
      for (;;) if (writeSync(descriptor, Buffer.alloc(octets)) < octets) break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(descriptor)
  return () => rmSync(file)
}

it('answers 452 4.3.1 at DATA, by SMTP and LMTP, and takes mail again when there is room', async context => {
  const { ports, pid } = await openOnSmallDisk(context, 24)
  const free = fillDisk()
  const [refused] = await deliverByLmtp(ports.lmtp, ['ann'], largeMessage)
  expect(refused).toMatch(/^452 4\.3\.1 /)
  const sender = await LinePeer.connect(ports.smtp)
  await sender.smtpReply()
  for (const command of ['EHLO test.example', 'MAIL FROM:<>', 'RCPT TO:<ann>', 'DATA'])
    await sender.askSmtp(command)
  sender.write(stuff(largeMessage))
  expect(await sender.smtpReply()).toMatch(/^452 4\.3\.1 /)
  expect(await readMaildrop(office!, 'ann')).toHaveLength(0)

  free()
  // The connection that was refused goes on as well.
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<ann>', 'DATA']) await sender.askSmtp(command)
  sender.write(stuff(smallMessage))
  expect(await sender.smtpReply()).toMatch(/^250/)
  sender.drop()
  const [taken] = await deliverByLmtp(ports.lmtp, ['ann'], largeMessage)
  expect(taken).toMatch(/^250/)
  expect((await readMaildrop(office!, 'ann')).map(({ content }) => content.length > 1_000_000)).toEqual([
    false,
    true,
  ])
  expect(office!.pid).toBe(pid)
}, 60_000)

it('answers -ERR [SYS/TEMP] at QUIT, deletes nothing then, and deletes when there is room', async context => {
  const { ports } = await openOnSmallDisk(context, 24)
  const messageCount = 400
  for (let number = 0; number < messageCount; number++) await deliverByLmtp(ports.lmtp, ['bob'], smallMessage)
  // The files of the database are as small as they get when the server has just been started.
  await office!.signal('SIGTERM')
  await office!.start()
  const { pid } = office!
  const peer = await logIn(office!, 'bob')
  const uidls = await uidlsOf(peer)
  expect(uidls).toHaveLength(messageCount)
  for (let number = 1; number <= messageCount; number++) await peer.ask(`DELE ${number}`)
  const free = fillDisk()
  expect(await peer.ask('QUIT')).toMatch(/^-ERR \[SYS\/TEMP\] /)
  await peer.end()
  // Whoever comes meanwhile is served or put off, and leaves no lock behind.
  const meanwhile = await logIn(office!, 'bob').catch(String)
  if (typeof meanwhile === 'string') expect(meanwhile).toMatch(/-ERR \[SYS\/TEMP\] /)
  else {
    expect(await uidlsOf(meanwhile)).toEqual(uidls)
    expect(await meanwhile.ask('QUIT')).toMatch(/^\+OK/)
    await meanwhile.end()
  }

  free()
  const again = await logIn(office!, 'bob')
  expect(await uidlsOf(again)).toEqual(uidls)
  for (let number = 1; number <= messageCount; number++) await again.ask(`DELE ${number}`)
  expect(await again.ask('QUIT')).toMatch(/^\+OK/)
  expect(await readMaildrop(office!, 'bob')).toHaveLength(0)
  expect(office!.pid).toBe(pid)
}, 60_000)

it('does not start, and says which file has no room; starts when there is some', async context => {
  const started = await openOnSmallDisk(context, 24)
  await started.signal('SIGTERM')
  const free = fillDisk()
  const { status, stderr } = spawnSync(process.execPath, [cli, 'serve', '--config', started.configFile], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^poplar: \S+\/data\/serving\.lock: there is no room left on the disk/)
  free()
  await started.start()
  const peer = await logIn(started, 'ann')
  expect(await peer.ask('QUIT')).toMatch(/^\+OK/)
  await peer.end()
}, 60_000)
