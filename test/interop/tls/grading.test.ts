// What the examiners of TLS say: testssl.sh and nmap's scripts, from outside. Their gradings are kept here as they shall be.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith, runOrFail, runProgram } from '../../e2e/program.ts'
import type { Transport } from './client.ts'
import { TlsOffice } from './office.ts'

let office: TlsOffice
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interop-grading-'))
  office = await TlsOffice.open({ users: ['ann'] })
}, 60_000)
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await office?.close()
})

interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}

/** `checks` are options of testssl.sh. It ends with a number of problems, which are in the findings. */
async function testssl(transport: Transport, checks: readonly string[]): Promise<Finding[]> {
  const file = join(folder, `${transport}${checks.join('')}.json`)
  const port = transport === 'pop3s' ? office.ports.pop3s : office.ports.pop3
  const { stderr } = await runProgram(
    'testssl',
    [
      ...['--quiet', '--color', '0', '--warnings', 'off', '--ip', '127.0.0.1', '--nodns', 'none'],
      ...['--jsonfile', file, '--add-ca', office.caFile, ...(transport === 'stls' ? ['-t', 'pop3'] : [])],
      ...[...checks, `localhost:${port}`],
    ],
    { timeoutMs: 280_000 },
  )
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Finding[]
  } catch (error) {
    throw new Error(`testssl gave no findings: ${stderr}`, { cause: error })
  }
}

const protocols = {
  SSLv2: 'not offered',
  SSLv3: 'not offered',
  TLS1: 'not offered',
  TLS1_1: 'not offered',
  TLS1_2: 'offered',
  TLS1_3: 'offered with final',
}

const cipherCategories = {
  cipherlist_NULL: 'not offered',
  cipherlist_aNULL: 'not offered',
  cipherlist_EXPORT: 'not offered',
  cipherlist_LOW: 'not offered',
  cipherlist_3DES_IDEA: 'not offered',
  cipherlist_AVERAGE: 'not offered',
  cipherlist_STRONG: 'offered',
}

const weaknesses = [
  ...['heartbleed', 'CCS', 'ticketbleed', 'ROBOT', 'secure_renego', 'secure_client_renego', 'CRIME_TLS'],
  ...['POODLE_SSL', 'fallback_SCSV', 'SWEET32', 'FREAK', 'DROWN', 'LOGJAM', 'BEAST', 'LUCKY13', 'RC4'],
]

const findingsOf = (findings: readonly Finding[], ids: readonly string[]) =>
  Object.fromEntries(findings.filter(({ id }) => ids.includes(id)).map(({ id, finding }) => [id, finding]))
/** Neither fine nor for information, those of the tool about itself aside. */
const faults = (findings: readonly Finding[]) =>
  findings.filter(
    ({ id, severity }) => !['OK', 'INFO', 'DEBUG'].includes(severity) && id !== 'engine_problem',
  )

describe('testssl.sh', () => {
  for (const transport of ['pop3s', 'stls'] as const) {
    itWith(
      'testssl',
      `finds TLS 1.2 and 1.3 with strong ciphers by ${transport}, and nothing else`,
      async () => {
        const findings = await testssl(transport, ['-p', '-s'])
        expect(findingsOf(findings, Object.keys(protocols))).toEqual(protocols)
        expect(findingsOf(findings, Object.keys(cipherCategories))).toEqual(cipherCategories)
        expect(faults(findings)).toEqual([])
      },
      300_000,
    )
  }

  itWith(
    'testssl',
    'finds no vulnerability it knows',
    async () => {
      const findings = await testssl('pop3s', ['-U'])
      const examined = findings.filter(({ id }) => weaknesses.includes(id)).map(({ id }) => id)
      expect(examined.sort()).toEqual([...weaknesses].sort())
      expect(faults(findings)).toEqual([])
    },
    300_000,
  )
})

describe('nmap', () => {
  const nmap = async (transport: Transport, ...scripts: readonly string[]) => {
    const port = transport === 'pop3s' ? office.ports.pop3s : office.ports.pop3
    const output = await runOrFail(
      'nmap',
      ['-Pn', '-n', '-sV', '--version-light', '--script', scripts.join(','), '-p', String(port), '127.0.0.1'],
      { timeoutMs: 120_000 },
    )
    return output.toString()
  }

  for (const transport of ['pop3s', 'stls'] as const) {
    itWith(
      'nmap',
      `grades every cipher A by ${transport}, and no TLS before 1.2`,
      async () => {
        const output = await nmap(transport, 'ssl-enum-ciphers')
        expect(output.match(/(?:SSL|TLS)v[\d.]+(?=:)/g)).toEqual(['TLSv1.2', 'TLSv1.3'])
        const grades = output.match(/ - [A-F]$/gm)?.map(grade => grade.trim())
        expect(new Set(grades)).toEqual(new Set(['- A']))
        expect(output).toMatch(/least strength: A/)
        expect(output).not.toMatch(/warnings:/)
        expect(output.match(/cipher preference: \w+/g)).toEqual([
          'cipher preference: server',
          'cipher preference: server',
        ])
      },
      150_000,
    )
  }

  itWith(
    'nmap',
    'reads the certificate, finds no DH parameters, NTLM, Heartbleed, CCS injection, POODLE or DROWN',
    async () => {
      const output = await nmap(
        'pop3s',
        ...['ssl-cert', 'ssl-dh-params', 'pop3-ntlm-info', 'ssl-heartbleed', 'ssl-ccs-injection'],
        ...['ssl-poodle', 'sslv2-drown', 'sslv2', 'ssl-known-key'],
      )
      expect(output).toMatch(/Subject: commonName=localhost/)
      expect(output).toMatch(/Issuer: commonName=Office CA/)
      expect(output).not.toMatch(/VULNERABLE|ssl-dh-params|ntlm|sslv2|ssl-known-key/i)
    },
    150_000,
  )

  itWith(
    'nmap',
    'reads in clear that there is STLS and no login, under TLS the mechanisms',
    async () => {
      const clear = await nmap('stls', 'pop3-capabilities')
      expect(clear).toMatch(/pop3-capabilities: .*STLS/)
      expect(clear).not.toMatch(/pop3-capabilities: .*(?:SASL|USER)/)
      const secure = await nmap('pop3s', 'pop3-capabilities')
      expect(secure).toMatch(/pop3-capabilities: .*SASL\(.*SCRAM-SHA-256-PLUS.*\)/)
      expect(secure).not.toMatch(/pop3-capabilities: .*STLS/)
    },
    150_000,
  )
})
