import { describe, expect, it } from 'vitest'
import { hashPassword, verifyPassword } from '../../src/auth/password.ts'

const cost = { memoryKiB: 64, passes: 1, lanes: 1 }

describe('password', () => {
  it('is hashed as salted argon2id with the cost asked for', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => hashPassword(Buffer.from('x'), cost)))
    expect(first).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    expect(first).not.toBe(second)
  })

  it('is verified octet for octet', async () => {
    const hash = await hashPassword(Buffer.from('pass word '), cost)
    expect(await verifyPassword(hash, Buffer.from('pass word '))).toBe(true)
    expect(await verifyPassword(hash, Buffer.from('pass word'))).toBe(false)
  })

  it('is UTF-8', async () => {
    const latin1 = Buffer.from('p\xe4ss', 'latin1')
    await expect(hashPassword(latin1, cost)).rejects.toThrow('UTF-8')
    expect(await verifyPassword(await hashPassword(Buffer.from('päss'), cost), latin1)).toBe(false)
  })

  it.each([
    '',
    'plain',
    '$argon2id$',
    '$argon2id$v=19$m=64,t=1,p=1$AAAA',
    '!',
  ])('belongs to nobody when the stored hash is %j', async broken => {
    expect(await verifyPassword(broken, Buffer.from(broken))).toBe(false)
  })
})
