// Begins a renewal in a folder of its own, and keeps what it logs and what it hands over.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Acme, type AcmeOptions, startAcme } from '../../../src/net/acme/acme.ts'
import type { Log } from '../../../src/net/log.ts'
import type { CertificateFiles } from '../../../src/net/tls/certificate-pair.ts'
import { TestClock } from './test-clock.ts'

export interface LogLine {
  readonly level: string
  readonly text: string
  readonly fields: Record<string, unknown>
}

export interface Begun {
  readonly acme: Acme
  readonly clock: TestClock
  readonly folder: string
  readonly lines: LogLine[]
  readonly renewed: CertificateFiles[]
}

const cleanups: (() => Promise<void> | void)[] = []

/** For `afterEach`: ends everything that was begun, the last first. */
export async function endAll(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

export function later(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup)
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-acme-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function begin(
  options: Partial<AcmeOptions> & Pick<AcmeOptions, 'directoryUrl'>,
): Promise<Begun> {
  const folder = options.folder ?? join(temporaryFolder(), 'acme')
  const clock = new TestClock()
  const lines: LogLine[] = []
  const renewed: CertificateFiles[] = []
  const write = (level: string) => (fields: object, text: string) => {
    lines.push({ level, text, fields: fields as Record<string, unknown> })
  }
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const acme = await startAcme({
    domains: ['mail.poplar.test'],
    contact: 'mailto:postmaster@poplar.example',
    agreeTerms: true,
    folder,
    challenge: 'http-01',
    listen: [{ host: '127.0.0.1', port: 0 }],
    onRenewed: files => renewed.push(files),
    log,
    clock,
    ...options,
  })
  later(() => acme.close())
  return { acme, clock, folder, lines, renewed }
}
