// What a probe says of Debian's Dovecot is true of it.
import { expect } from 'vitest'
import { password } from '../../../src/pop3/client/index.ts'
import { probeServer } from '../../../src/pop3/probe/probe.ts'
import { deliverByLmtp } from '../../e2e/line-peer.ts'
import { itWith } from '../../e2e/program.ts'
import { awkwardMessages } from '../../interop/awkward-messages.ts'
import { startDovecot } from '../../interop/dovecot.ts'

itWith('dovecot', 'of Dovecot says what is true', async () => {
  const server = await startDovecot()
  try {
    for (const { content } of awkwardMessages)
      await deliverByLmtp(server.ports.lmtp, ['ann@mail.test.example'], content)
    const report = await probeServer({
      host: '127.0.0.1',
      port: server.ports.pop3,
      tls: 'none',
      allowCleartextAuth: true,
      auth: password('ann', 'ann-secret'),
      // Who finds the maildrop locked waits longer.
      patienceMs: 1_500,
      sample: awkwardMessages.length,
    })
    const found = Object.fromEntries(report.findings.map(({ probe, ...rest }) => [probe, rest]))
    const count = awkwardMessages.length
    expect(found.sizes?.finding).toBe(`LIST and RETR agree to the octet in ${count} of ${count} messages`)
    expect(found.dots?.finding).toMatch(/^\d+ lines came with their dot stuffed/)
    expect(found.uidl?.finding).toMatch(/^works: 16 characters/)
    expect(found.top?.finding).toBe('gives the header and the blank line, no more')
    expect(found.lock?.finding).toBe('a second session waits for the first to end')
    expect(found.pipelining?.state).toBe('well')
    expect(found.last?.finding).toBe('is not there')
    expect(found['uidl-stable']?.state).toBe('well')
    expect(report.findings.filter(({ state }) => state === 'wrong')).toEqual([])
    expect(report.quirks).toEqual({})
  } finally {
    await server.close()
  }
})
