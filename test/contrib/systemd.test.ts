// The units against systemd's own judgement: whether they are well formed, how much they leave open, what user and folders
// they bring, and that the configuration beside them is one.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseConfig, serviceNames } from '../../src/config.ts'
import { itWith, runOrFail, runProgram } from '../e2e/program.ts'

const root = resolve(import.meta.dirname, '../..')
const source = join(root, 'contrib/systemd')
const folder = mkdtempSync(join(tmpdir(), 'poplar-units-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As systemd sees them: in a folder of their own, with the command where this machine has it. */
function installUnits(name: string, { withSockets }: { withSockets: boolean }): string {
  const target = join(folder, name)
  mkdirSync(target)
  const isUnit = (file: string) => /\.(service|socket)$/.test(file)
  for (const file of readdirSync(source).filter(isUnit)) cpSync(join(source, file), join(target, file))
  const service = join(target, 'poplar.service')
  const text = readFileSync(service, 'utf8')
  const command = `ExecStart=${process.execPath} ${join(root, 'dist/bin/poplar.js')} `
  expect(text).toContain('ExecStart=poplar ')
  writeFileSync(service, text.replace('ExecStart=poplar ', command))
  if (withSockets) {
    mkdirSync(`${service}.d`)
    cpSync(join(source, 'poplar-sockets.conf'), join(`${service}.d`, 'sockets.conf'))
  }
  return target
}

describe('the units', () => {
  itWith('systemd-analyze', 'are well formed', async () => {
    const units = installUnits('verified', { withSockets: true })
    const names = readdirSync(units).filter(name => !name.endsWith('.d'))
    expect(names).toEqual(
      ['lmtp.socket', 'pop3.socket', 'pop3s.socket', 'smtp.socket']
        .map(name => `poplar-${name}`)
        .concat('poplar.service'),
    )
    const files = names.map(name => join(units, name))
    const { code, stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', ...files])
    // Other units of the machine are looked at too, and are none of our business.
    expect(stderr.split('\n').filter(line => line.includes('poplar'))).toEqual([])
    expect(code).toBe(0)
  })

  // docs/install.md gives the same numbers, in tenths.
  for (const [name, withSockets, exposure] of [
    ['with its own ports', false, 17],
    ['with sockets handed down', true, 14],
  ] as const)
    itWith('systemd-analyze', `leave little open, ${name}`, async () => {
      const units = installUnits(`exposed-${exposure}`, { withSockets })
      const service = join(units, 'poplar.service')
      const args = ['security', '--offline=true', '--no-pager', `--threshold=${exposure}`, service]
      const { code, stdout } = await runProgram('systemd-analyze', args)
      expect(code, stdout.toString()).toBe(0)
      const documented = readFileSync(join(root, 'docs/install.md'), 'utf8')
      expect(documented).toContain(`**${exposure / 10}**`)
    })

  it('name each socket as the office calls the service', () => {
    for (const file of readdirSync(source).filter(name => name.endsWith('.socket'))) {
      const [, name] = /^FileDescriptorName=(.*)$/m.exec(readFileSync(join(source, file), 'utf8')) ?? []
      expect(file).toBe(`poplar-${name}.socket`)
      expect(serviceNames).toContain(name)
    }
  })
})

describe('what lies beside the units', () => {
  itWith('systemd-sysusers', 'makes the user and its folders', async () => {
    const image = join(folder, 'image')
    mkdirSync(join(image, 'etc'), { recursive: true })
    await runOrFail('systemd-sysusers', [`--root=${image}`, join(source, 'poplar.sysusers.conf')])
    const [user = ''] = readFileSync(join(image, 'etc/passwd'), 'utf8').split('\n')
    expect(user).toMatch(/^poplar:x:\d+:\d+:Poplar mail office:\/var\/lib\/poplar:\/usr\/sbin\/nologin$/)
    const args = [`--root=${image}`, '--create', join(source, 'poplar.tmpfiles.conf')]
    if (process.getuid?.() !== 0) return
    await runOrFail('systemd-tmpfiles', args)
    const uid = Number(user.split(':')[2])
    const facts = ['etc/poplar', 'var/lib/poplar'].map(path => {
      const { mode, uid: owner, gid: group } = statSync(join(image, path))
      return [mode & 0o777, owner, group]
    })
    const gid = Number(user.split(':')[3])
    expect(facts).toEqual([
      [0o750, 0, gid],
      [0o700, uid, gid],
    ])
  })

  it('is a configuration that fits them', () => {
    const config = parseConfig(readFileSync(join(source, 'poplar.toml'), 'utf8'))
    expect(config.data).toBe('/var/lib/poplar')
    expect(config.control.socket).toBe('/run/poplar/control.sock')
    expect(config.listen).toMatchObject({ pop3: [{ host: '127.0.0.1', port: 110 }], smtp: [] })
  })
})
