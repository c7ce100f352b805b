// `poplar locks`, beside a running server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LinePeer } from '../e2e/line-peer.ts'
import { endServers, ServerProcess } from './server.ts'
import { cheapConfig, Workplace } from './workplace.ts'

let place: Workplace
let port: number

beforeAll(async () => {
  place = new Workplace(cheapConfig.replace('[listen]', '[listen]\npop3 = "127.0.0.1:0"'))
  for (const name of ['ann', 'bob']) await place.run(`user add ${name} --password-stdin`, name)
  port = await new ServerProcess(place, ['--json']).portOf('pop3')
})
afterAll(async () => {
  await endServers()
  place.remove()
})

describe('locks', () => {
  it('lists who holds a maildrop, and frees it', async () => {
    expect(await place.json('locks list')).toEqual([])
    const peer = await LinePeer.logIn(port, 'ann', 'ann')
    expect(await place.json('locks list')).toEqual([
      {
        accountName: 'ann',
        peer: '127.0.0.1',
        sessionId: expect.any(String) as string,
        since: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      },
    ])
    expect((await place.run('locks list')).stdout).toMatch(
      /^USER +PEER +SESSION +SINCE +EXPIRES\nann +127\.0\.0\.1 /,
    )
    await expect(LinePeer.logIn(port, 'ann', 'ann')).rejects.toThrow('[IN-USE]')

    expect(await place.run('locks break ann')).toEqual({
      code: 0,
      stdout: 'the maildrop of ann is free\n',
      stderr: '',
    })
    const second = await LinePeer.logIn(port, 'ann', 'ann')
    expect(await second.ask('QUIT')).toMatch(/^\+OK/)
    peer.drop()
  })

  it('is broken by one of those who break it at the same time, and the others are told', async () => {
    const peer = await LinePeer.logIn(port, 'bob', 'bob')
    const outcomes = await Promise.all([1, 2, 3].map(() => place.run('locks break bob')))
    const [winner, ...others] = outcomes.sort((one, other) => (one.code ?? 9) - (other.code ?? 9))
    expect(winner).toEqual({ code: 0, stdout: 'the maildrop of bob is free\n', stderr: '' })
    for (const { code, stdout, stderr } of others) {
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(
        /^poplar: (nobody holds the maildrop of bob|the maildrop of bob is free already: somebody else was quicker)\n$/,
      )
    }
    peer.drop()
  })

  it.each([
    { why: 'nobody holds it', args: 'locks break bob', code: 1, says: 'nobody holds the maildrop of bob' },
    { why: 'no such account', args: 'locks break nobody', code: 1, says: 'there is no account nobody' },
    { why: 'no account named', args: 'locks break', code: 2, says: "missing required argument 'user'" },
  ])('refuses: $why', async ({ args, code, says }) => {
    expect(await place.run(args)).toEqual({ code, stdout: '', stderr: `poplar: ${says}\n` })
  })
})
