// What a good configuration comes to: defaults, quantities, paths, files.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  deliveryRules,
  exampleConfig,
  isLoopback,
  loadConfig,
  parseConfig,
} from '../../src/config.ts'

describe('without a word', () => {
  const config = parseConfig('')

  it('listens on loopback ports', () => {
    expect(config.listen).toEqual({
      pop3: [{ host: '127.0.0.1', port: 1110 }],
      pop3s: [],
      pop2: [],
      smtp: [{ host: '127.0.0.1', port: 1025 }],
      lmtp: [{ host: '127.0.0.1', port: 1024 }],
    })
  })

  it('has the defaults the documentation names', () => {
    expect(config).toMatchObject({
      file: undefined,
      data: resolve('poplar-data'),
      domains: [config.hostname, 'localhost'],
      pop3: { autologoutMs: 600_000, loginTimeoutMs: 600_000, implementation: 'Poplar', loginDelayMs: 0 },
      smtp: { maxOctets: 50 * 1024 * 1024, bareNewline: 'normalize' },
      delivery: { subaddress: '+', quotaOctets: 0 },
      store: { undeleteMs: 7 * 86_400_000, cacheOctets: 64 * 1024 * 1024, auditMs: 90 * 86_400_000 },
      retention: [],
      auth: {
        sources: ['store'],
        keyFile: resolve('poplar-data/secret.key'),
        scramIterations: 4096,
        rememberMs: 300_000,
        argon2: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 },
      },
      throttle: {
        freeFailures: 3,
        firstDelayMs: 250,
        maxDelayMs: 15_000,
        failuresBeforeCheck: 10,
        halfLifeMs: 300_000,
      },
      tls: { files: [], required: undefined, clientCaFile: undefined, handshakeTimeoutMs: 30_000 },
      acme: undefined,
      legacy: { pop3: [], pop3s: [], networks: [], tls: 'none' },
      log: { level: 'info', format: 'auto' },
    })
  })
})

describe('a [listen] table', () => {
  it('serves only what it names', () => {
    expect(parseConfig('[listen]\nsmtp = "[::1]:25"').listen).toEqual({
      pop3: [],
      pop3s: [],
      pop2: [],
      smtp: [{ host: '::1', port: 25 }],
      lmtp: [],
    })
  })

  it('takes lists, and port 0 more than once', () => {
    expect(parseConfig('listen.smtp = ["127.0.0.1:0", "127.0.0.1:0"]').listen.smtp).toHaveLength(2)
  })

  it('may serve POP3 to everybody when that is said twice', () => {
    const toml = '[listen]\npop3 = "0.0.0.0:110"\n[tls]\nrequired = false'
    expect(parseConfig(toml).listen.pop3).toEqual([{ host: '0.0.0.0', port: 110 }])
  })
})

describe('values', () => {
  it('are read with their units', () => {
    const toml = `
      domains = ["Example.NET", "example.net", "xn--bcher-kva.example"]
      hostname = "Mail.Example.NET"
      [pop3]
      autologout = "1.5h"
      [smtp]
      size = 1048576
      [delivery]
      quota = "2GB"
      subaddress = ""
      to_folder = "existing"
      junk_headers = ["X-Spam: Yes"]
      [maildrop]
      view = "inbox+junk, newest=9"
      on_delete = "trash"
      hosts = ["Office"]
      [store]
      undelete = 0
      [auth]
      remember = "0"
      argon2_memory = "64MiB"
      [throttle]
      free_failures = 0
      max_delay = "1m"`
    const config = parseConfig(toml)
    expect(config).toMatchObject({
      hostname: 'mail.example.net',
      domains: ['example.net', 'bücher.example'],
      pop3: { autologoutMs: 5_400_000 },
      smtp: { maxOctets: 1_048_576 },
      delivery: {
        quotaOctets: 2_000_000_000,
        subaddress: '',
        toFolder: 'existing',
        junkHeaders: [{ name: 'x-spam', value: 'yes' }],
      },
      maildrop: {
        view: { source: { kind: 'inbox+junk' }, newest: 9 },
        onDelete: 'trash',
        junkMark: '[Junk]',
        hosts: ['office'],
      },
      store: { undeleteMs: 0, cacheOctets: 64 * 1024 * 1024, auditMs: 90 * 86_400_000 },
      auth: { rememberMs: 0, argon2: { memoryKiB: 65_536 } },
      throttle: { freeFailures: 0, firstDelayMs: 250, maxDelayMs: 60_000 },
    })
    expect(deliveryRules(config)).toEqual({
      hostname: 'mail.example.net',
      localDomains: ['example.net', 'bücher.example'],
      subaddressSeparator: '',
      toFolder: 'existing',
      junkHeaders: [{ name: 'x-spam', value: 'yes' }],
      maxOctets: 1_048_576,
      bareNewline: 'normalize',
    })
  })

  it('of the example are the defaults', () => {
    expect(parseConfig(exampleConfig())).toEqual(parseConfig(''))
  })
})

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['1.127.0.1', false],
    ['192.168.0.1', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback({ host, port: 1 })).toBe(expected)
  })
})

describe('a file', () => {
  let folder: string
  const startFolder = process.cwd()

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'poplar-config-'))
  })
  afterEach(() => process.chdir(startFolder))
  afterAll(() => rmSync(folder, { recursive: true }))

  function complaintOf(file: string): string {
    try {
      loadConfig(file)
      return 'none'
    } catch (error) {
      return error instanceof ConfigError ? error.message : 'another error'
    }
  }

  it('is the start of relative paths', () => {
    const file = join(folder, 'office.toml')
    writeFileSync(file, 'data = "mail/data"')
    expect(loadConfig(file)).toMatchObject({ file, data: join(folder, 'mail/data') })
  })

  it('may begin with a byte order mark and have CRLF line ends', () => {
    const file = join(folder, 'windows.toml')
    writeFileSync(file, '\ufeff# comment\r\ndata = "d"\r\n[pop3]\r\nautologut = 1\r\n')
    expect(complaintOf(file)).toMatch(/line 4: unknown key `autologut` in \[pop3\]/)
  })

  it('is ./poplar.toml where none is named, if it exists', () => {
    process.chdir(folder)
    expect(loadConfig().file).toBeUndefined()
    writeFileSync('poplar.toml', 'hostname = "from.the.file"')
    expect(loadConfig()).toMatchObject({ file: resolve('poplar.toml'), hostname: 'from.the.file' })
    rmSync('poplar.toml')
  })

  it('must exist where it is named', () => {
    const file = join(folder, 'absent.toml')
    expect(complaintOf(file)).toBe(`${file}: there is no such file`)
  })

  it('must be a file', () => {
    mkdirSync(join(folder, 'sub.toml'))
    expect(complaintOf(join(folder, 'sub.toml'))).toMatch(/sub\.toml: is a folder, not a file$/)
  })

  it('must be readable', context => {
    if (process.getuid?.() === 0) context.skip('root may read everything')
    const file = join(folder, 'secret.toml')
    writeFileSync(file, '')
    chmodSync(file, 0)
    expect(complaintOf(file)).toMatch(/may not be read by this user$/)
  })

  it('must be UTF-8', () => {
    const file = join(folder, 'latin1.toml')
    writeFileSync(file, Buffer.from('# Z\u00fcrich\n', 'utf8'))
    expect(complaintOf(file)).toBe('none')
    writeFileSync(file, Buffer.from('# one\ndata = "Z\u00fcrich"\n', 'latin1'))
    expect(complaintOf(file)).toBe(`${file} line 2: is not UTF-8; save the file in that encoding`)
  })

  it('must not be something else by mistake', () => {
    const file = join(folder, 'large.toml')
    writeFileSync(file, '#'.repeat(1024 * 1024 + 1))
    expect(complaintOf(file)).toMatch(/too large for a configuration$/)
  })
})
