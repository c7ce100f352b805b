import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { closeIntakes, TestIntake } from './session.ts'

afterEach(closeIntakes)

it('an intake that closes waits for no proxy, and serves nobody whom one would bring', async () => {
  const { intake } = await TestIntake.start('smtp', { proxy: { trusts: () => true, timeoutMs: 60_000 } })
  const proxy = connect(intake.addresses[0]?.port ?? 0, '127.0.0.1').on('error', () => undefined)
  proxy.write('PROXY TCP4 192.0.2.7 ')
  // The next is answered, so the one before it was accepted.
  const next = connect(intake.addresses[0]?.port ?? 0, '127.0.0.1')
  next.write('PROXY UNKNOWN\r\nQUIT\r\n')
  next.resume()
  await once(next, 'end')
  next.destroy()
  let answer = ''
  proxy.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const closed = once(proxy, 'close')
  await intake.close()
  proxy.write('198.51.100.1 56324 25\r\n')
  await closed
  expect(answer).toBe('')
})
