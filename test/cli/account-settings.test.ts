// `poplar user set` with `--login-delay` and `--expire`: what they take, what is said, and that they can be taken back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workplace } from './workplace.ts'

let place: Workplace
beforeAll(async () => {
  place = new Workplace()
  await place.run('user add ann --password-stdin', 'secret\n')
})
afterAll(() => place.remove())

describe('how long mail stays', () => {
  it.each([
    ['30', 'expire 30'],
    ['0', 'expire 0'],
    ['never', 'expire never'],
    ['default', 'as configured'],
  ])('may be %s', async (days, said) => {
    const stdout = `ann: ${said}, from the next session on\n`
    expect(await place.run(`user set ann --expire ${days}`)).toMatchObject({ code: 0, stdout })
  })

  it.each(['-1', '1.5', '030', 'for ever'])('may not be %s', async days => {
    const { code, stderr } = await place.run(['user', 'set', 'ann', `--expire=${days}`])
    expect(code).not.toBe(0)
    expect(stderr).toContain('is no number of days, nor never')
  })
})

describe('the other settings', () => {
  it('can be taken back too', async () => {
    await place.run('user set ann --view inbox+junk --on-delete trash')
    const stdout = 'ann: as configured, from the next session on\n'
    expect(await place.run('user set ann --view default --on-delete default')).toMatchObject({ stdout })
  })
})

describe('a login delay', () => {
  it.each([
    ['5m', 'ann: login delay 300 s, from the next session on\n'],
    ['0', 'ann: login delay 0 s, from the next session on\n'],
    ['default', 'ann: as configured, from the next session on\n'],
  ])('may be %s', async (delay, said) => {
    expect(await place.run(`user set ann --login-delay ${delay}`)).toMatchObject({ code: 0, stdout: said })
  })

  it.each([
    ['25h', 'longer than a day', 'a login delay is at most 24h'],
    ['1500ms', 'announced in seconds', 'a login delay is in whole seconds'],
    ['soon', 'no duration', '"soon" is no duration such as 10m'],
  ])('may not be %s (%s)', async (delay, _why, said) => {
    const { code, stderr } = await place.run(`user set ann --login-delay ${delay}`)
    expect(code).not.toBe(0)
    expect(stderr).toContain(said)
  })

  it('is of an account, not of an app password', async () => {
    const { code, stderr } = await place.run('app-password add ann phone --login-delay 5m')
    expect(code).not.toBe(0)
    expect(stderr).toContain("unknown option '--login-delay'")
  })
})
