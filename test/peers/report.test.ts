// The page about peers: figures, failures with their transcripts, what could not be looked at, and that nothing a server
// said becomes markup.
import { describe, expect, it } from 'vitest'
import { type PeerCase, type PeerResult, peersPage } from '../../peers/report.ts'

const sections = [
  { name: 'listings', title: 'Listings' },
  { name: 'tls', title: 'TLS' },
]
const titles = new Map([
  ['stat', 'STAT has two numbers'],
  ['list', 'LIST agrees'],
])

function tried(id: string, rest: Partial<PeerCase> = {}): PeerCase {
  return { id, section: 'listings', severity: 'must', outcome: 'pass', reason: '', ...rest }
}

function result(name: string, rest: Partial<PeerResult>): PeerResult {
  return { name, title: `The ${name}`, arrangement: 'mbox', at: '2026-05-04T10:00:00.000Z', ...rest }
}

function page(...results: readonly PeerResult[]): string {
  return peersPage(results, { system: 'Debian 12', sections, titles })
}

describe('the page about peers', () => {
  it('counts by severity, and by section', () => {
    const cases = [
      tried('stat'),
      tried('list', { outcome: 'fail', reason: 'no' }),
      tried('noop', { severity: 'quirk', outcome: 'fail', reason: 'no' }),
      tried('starttls', { section: 'tls', outcome: 'skip', reason: 'no TLS' }),
    ]
    const text = page(result('alpha', { version: '1.0', cases }))
    expect(text).toContain('| [The alpha](#alpha) | 1.0 | mbox | 1 / 1 | 0 / 0 | 0 / 1 | 1 |')
    expect(text).toContain('| [Listings](listings.md) | 1 + 0 + 1 |')
    expect(text).toContain('| [TLS](tls.md) | - |')
    expect(text).toContain('Debian 12')
    expect(text).toContain('2026-05-04')
  })

  it('names a failed must with what should hold, what it did, and its transcript', () => {
    const failed = { outcome: 'fail', reason: 'it said 3', transcript: 'transcripts/alpha/list.txt' } as const
    const text = page(result('alpha', { version: '1.0', cases: [tried('list', failed)] }))
    expect(text).toContain(
      '| [list](listings.md#list) | LIST agrees | it said 3 | [transcript](transcripts/alpha/list.txt) |',
    )
    expect(text).toContain('No *should* failed.')
  })

  it('says why a server could not be looked at, and counts nothing for it', () => {
    const text = page(result('beta', { error: 'apt-get failed:\nE: Unable to locate package beta' }))
    expect(text).toContain('## Not looked at')
    expect(text).toContain('    E: Unable to locate package beta\n')
    expect(text).not.toContain('(#beta)')
  })

  it('lets a server write no markup', () => {
    const reason = 'it sent <img src=x> | [a](b) **c** `d|e`\r\n\u001b[31m# f'
    const text = page(
      result('alpha', {
        version: '1.0',
        greeting: 'ready `x` <b>\u0007',
        cases: [tried('list', { outcome: 'fail', reason })],
      }),
    )
    expect(text).not.toMatch(/(?<!\\)<img/)
    expect(text).not.toContain('\u001b')
    expect(text).not.toContain('\u0007')
    expect(text).toContain("`ready 'x' <b>?`")
    expect(text).toContain('\\<img src=x\\> \\| \\[a\\](b) \\*\\*c\\*\\* `d\\|e` ?\\[31m\\# f')
  })
})
