// What the contract does not see of LDAP: TLS, how servers compare, empty passwords, servers that say nothing.
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { verifyCryptScheme } from '../../../src/auth/crypt-scheme.ts'
import type { LdapOptions } from '../../../src/store/directory/ldap.ts'
import { LdapConnection } from '../../../src/store/directory/ldap-connection.ts'
import { openDirectory } from '../../../src/store/directory/open-directory.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { keptLog, schemes } from './peers.ts'
import { type LdapServer, office, people, root, slapdIsMissing, startSlapd } from './slapd.ts'

async function open(options: LdapOptions) {
  const registry = createMemoryStore()
  const log = keptLog()
  const { directory, close } = await openDirectory(registry, [{ kind: 'ldap', ...options }], { log, schemes })
  onTestFinished(async () => {
    await close()
    await registry.close()
  })
  const opens = async (name: string, password: string) => {
    const account = await directory.findAccount(name)
    return account && directory.checkPassword?.(account, Buffer.from(password, 'latin1'))
  }
  return { directory, registry, log, opens }
}

describe('slapd', () => {
  let server: LdapServer
  beforeAll(async () => {
    if (slapdIsMissing) return
    // As a careless server is set up: a bind without a password succeeds.
    server = await startSlapd('allow bind_anon_cred bind_anon_dn')
    await server.put({ uid: 'ann', mail: 'ann@example.net', userPassword: 'secret of ann' })
  }, 120_000)
  beforeEach(context => {
    if (slapdIsMissing) context.skip(slapdIsMissing)
  })
  afterAll(async () => {
    if (!slapdIsMissing) await server.remove()
  })
  const byBind = (): LdapOptions => ({ url: server.url, base: people, ...office })
  const byCompare = (): LdapOptions => ({ url: server.url, base: people, mode: 'compare', ...root })

  it('would let in who brings no password, and is not asked', async () => {
    const connection = await LdapConnection.open({ url: server.url, startTls: false, ca: undefined })
    onTestFinished(() => connection.close())
    expect(await connection.bind(`uid=ann,${people}`, '')).toBe(false)
    expect(await connection.bind('', 'x')).toBe(false)
    expect(await connection.bind('EXTERNAL', 'x')).toBe(false)
    const { opens } = await open(byBind())
    expect(await opens('ann', '')).toBe(false)
    expect(await opens('ann', 'secret of ann')).toBe(true)
  })

  it('is never sent octets that are no UTF-8', async () => {
    const { opens } = await open(byBind())
    expect(await opens('ann', 'p\xe4ss')).toBe(false)
  })

  it('checks many passwords at once over few connections', async () => {
    const { directory } = await open(byBind())
    const account = await directory.findAccount('ann')
    if (!account) throw new Error('ann is there')
    const tried = Array.from({ length: 60 }, (_, index) => (index % 3 ? 'wrong' : 'secret of ann'))
    const answers = await Promise.all(
      tried.map(async text => directory.checkPassword?.(account, Buffer.from(text))),
    )
    expect(answers).toEqual(tried.map(text => text !== 'wrong'))
  })

  it.each([
    ['{SSHA}', '{SSHA}J2GYaI5Gn5Svu53dO6JNYrsF25/x7DX/'],
    ['{CRYPT}', '{CRYPT}$2y$05$Iqsjc1BMJnYt3KM3vuokXOWYrhD8BWEvp3anI3bfPprbuO8yCouyu'],
    ['no scheme', 'grün tea'],
  ])('gives a password to compare with: %s', async (_scheme, userPassword) => {
    await server.put({ uid: 'crypt', userPassword })
    const { directory } = await open(byCompare())
    const account = await directory.findAccount('crypt')
    expect(verifyCryptScheme(account?.passwordHash ?? '', Buffer.from('grün tea'))).toBe(true)
    expect(
      directory.checkPassword && (await directory.checkPassword(account!, Buffer.from('grün tea'))),
    ).toBeFalsy()
  })

  it('shows no password to an office that may not read it: nobody is let in', async () => {
    const { directory } = await open({ ...byCompare(), ...office })
    expect(await directory.findAccount('ann')).toMatchObject({ passwordHash: undefined })
  })

  it('finds two entries of one name: nobody is let in', async () => {
    await server.put({ uid: 'twin1', mail: 'twin@example.net', userPassword: 'x' })
    await server.put({ uid: 'twin2', mail: 'twin@example.net', userPassword: 'x' })
    const { directory, log } = await open({ ...byBind(), filter: '(mail=%u)' })
    expect(await directory.findAccount('twin@example.net')).toBeUndefined()
    expect(log.lines).toMatchObject([{ level: 'error', fields: { account: 'twin@example.net' } }])
  })

  it('leads several names of one person to one account', async () => {
    const filter = '(|(uid=%u)(mail=%u))'
    const { directory, registry } = await open({ ...byBind(), filter, nameAttribute: 'uid' })
    const [byUid, byMail] = await Promise.all(
      ['ann', 'ann@example.net'].map(name => directory.findAccount(name)),
    )
    expect(byMail).toMatchObject({ name: 'ann', id: byUid?.id })
    expect(await registry.listAccounts()).toHaveLength(1)
  })

  it('compares more loosely than accounts are told apart: another spelling is nobody', async () => {
    await server.put({ uid: 'stra\u00dfe', userPassword: 'x' })
    await server.put({ uid: 'Capital', userPassword: 'x' })
    const { directory } = await open(byBind())
    const connection = await LdapConnection.open({ url: server.url, startTls: false, ca: undefined })
    onTestFinished(() => connection.close())
    await connection.bind(office.bindDn, office.bindPassword)
    // slapd folds with the tables of Unicode: the long s is an s.
    expect(await connection.search(people, '(uid=\u017ftra\u00dfe)', ['uid'])).toHaveLength(1)
    expect(await directory.findAccount('\u017ftra\u00dfe')).toBeUndefined()
    expect(await directory.findAccount('stra\u00dfe')).toBeDefined()
    expect(await directory.findAccount('capital')).toMatchObject({ name: 'capital' })
  })

  it.each([
    ['TRUE', true],
    ['FALSE', false],
    ['0', false],
    ['20260101000000Z', true],
  ])('says with %s whether somebody is disabled: %s', async (employeeType, isDisabled) => {
    await server.put({ uid: 'state', userPassword: 'x', employeeType })
    const { directory } = await open({ ...byBind(), disabledAttribute: 'EmployeeType' })
    expect(await directory.findAccount('state')).toMatchObject({ isDisabled })
  })

  it('refuses for a quota that is none, and for nobody else', async () => {
    await server.put({ uid: 'much', userPassword: 'x', employeeNumber: 'much' })
    const { directory } = await open({ ...byBind(), quotaAttribute: 'employeeNumber' })
    await expect(directory.findAccount('much')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(await directory.findAccount('ann')).toMatchObject({ quotaOctets: 0 })
  })

  it('is searched by nobody, where it lets nobody search', async () => {
    const { directory, log } = await open({ url: server.url, base: 'ou=public,dc=example,dc=net' })
    const asked = await Promise.all(Array.from({ length: 20 }, () => directory.findAccount('open')))
    expect(new Set(asked.map(account => account?.name))).toEqual(new Set(['open']))
    expect(log.lines).toEqual([])
  })

  it('refuses for a base that is not there: nobody would be unknown', async () => {
    const { directory, log } = await open({ ...byBind(), base: 'ou=nowhere,dc=example,dc=net' })
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
    expect(log.lines).toMatchObject([
      { level: 'error', text: "the account directory's answer cannot be used" },
    ])
  })

  it('is down when it does not accept the office; the password is told nobody', async () => {
    const { directory, log } = await open({ ...byBind(), bindPassword: 'wrong secret' })
    const refusal = await directory.findAccount('ann').catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'directory-unavailable' })
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { reason: expect.stringContaining('bindDn') as string } },
    ])
    expect(`${String(refusal)}${log.text()}`).not.toContain('secret')
  })

  describe('with StartTLS', () => {
    const byTls = (): LdapOptions => ({ ...byBind(), startTls: true, ca: server.ca })

    it('is asked under TLS, and found again after a restart', async () => {
      const { opens } = await open(byTls())
      expect(await opens('ann', 'secret of ann')).toBe(true)
      expect(await opens('ann', 'wrong')).toBe(false)
      const connection = await LdapConnection.open({
        url: server.url,
        startTls: true,
        ca: readFileSync(server.ca, 'utf8'),
      })
      await server.stop()
      await expect.poll(() => connection.isUsable).toBe(false)
      await server.start()
      // Idle connections that broke are replaced unseen.
      expect(await opens('ann', 'secret of ann')).toBe(true)
    }, 30_000)

    it('is not asked when its certificate is of another authority', async () => {
      const { directory, log } = await open({ ...byBind(), startTls: true })
      await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
      expect(log.lines).toMatchObject([{ fields: { reason: expect.stringContaining('CERT') as string } }])
    })

    it('is not asked under another name than its certificate has', async () => {
      const { directory, log } = await open({ ...byTls(), url: server.url.replace('127.0.0.1', 'localhost') })
      await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
      expect(log.text()).toContain('localhost')
    })

    it('is told no password when somebody in between says that there is no TLS', async () => {
      const relay = await startRelay(server.port, { answer: extendedResponse(2) })
      const { directory } = await open({ ...byTls(), url: `ldap://127.0.0.1:${relay.port}` })
      await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
      expect(relay.heard()).not.toContain('secret')
      expect(relay.heard()).not.toBe('')
    }, 20_000)

    // The first request under TLS would be message 3, and is 4 when another is asked before.
    it.each([3, 4])('does not take for its word what somebody said before TLS, to message %d', async id => {
      const relay = await startRelay(server.port, { behind: forgedBindResponse(id) })
      const lets = async () => {
        const url = `ldap://127.0.0.1:${relay.port}`
        const connection = await LdapConnection.open({
          url,
          startTls: true,
          ca: readFileSync(server.ca, 'utf8'),
        })
        onTestFinished(() => connection.close())
        return connection.bind(`uid=ann,${people}`, 'wrong')
      }
      await expect(lets()).rejects.toMatchObject({ name: 'SourceDown' })
    }, 20_000)
  })
})

/** LDAPMessage 2, an ExtendedResponse with this result code. */
const extendedResponse = (code: number) =>
  Buffer.from([0x30, 0x0c, 0x02, 0x01, 0x02, 0x78, 0x07, 0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00])

/** A BindResponse of success, whose text swallows the 14 octets that come next: those of a real refusal. */
const forgedBindResponse = (id: number) =>
  Buffer.from([0x30, 0x1a, 0x02, 0x01, id, 0x61, 0x15, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x0e])

/** Somebody between office and server, who answers in the server's place, or speaks behind its first answer. */
async function startRelay(port: number, { answer, behind }: { answer?: Buffer; behind?: Buffer }) {
  const heard: Buffer[] = []
  const url = await listen(client => {
    const upstream = connect(port, '127.0.0.1')
    upstream.on('error', () => {})
    let forged = behind
    client.on('data', chunk => {
      heard.push(chunk)
      if (answer) client.write(answer)
      else upstream.write(chunk)
    })
    upstream.on('data', chunk => {
      client.write(forged ? Buffer.concat([chunk, forged]) : chunk)
      forged = undefined
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  return { port: Number(new URL(url).port), heard: () => Buffer.concat(heard).toString('latin1') }
}

/** A server that takes connections and does this with them. */
async function listen(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return `ldap://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

describe('a server is down that', () => {
  it.each([
    ['says nothing', () => {}],
    ['hangs up', (socket: Socket) => socket.end()],
    ['speaks another protocol', (socket: Socket) => socket.write('+OK POP3 ready\r\n')],
    [
      'promises more than it says',
      (socket: Socket) => socket.write(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])),
    ],
  ])(
    '%s',
    async (_reason, serve) => {
      const { directory, log } = await open({ url: await listen(serve), base: people })
      const asked = await Promise.allSettled(Array.from({ length: 40 }, () => directory.findAccount('ann')))
      for (const answer of asked)
        expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'directory-unavailable' } })
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
    30_000,
  )

  it('says yes to StartTLS, and nothing more', async () => {
    const url = await listen(socket => socket.once('data', () => socket.write(extendedResponse(0))))
    const { directory } = await open({ url, base: people, startTls: true })
    await expect(directory.findAccount('ann')).rejects.toMatchObject({ code: 'directory-unavailable' })
  }, 20_000)
})

describe('options that make no sense are refused at once', () => {
  it.each([
    ['another protocol', { url: 'http://localhost' }, 'neither'],
    ['TLS twice', { url: 'ldaps://localhost', startTls: true }, 'TLS already'],
    ['who binds without a password', { url: 'ldap://localhost', bindDn: 'cn=x' }, 'needs a password'],
    ['authorities that are not there', { url: 'ldaps://localhost', ca: '/nowhere/ca.pem' }, 'ENOENT'],
  ])('%s', async (_reason, options, sentence) => {
    await expect(open({ base: people, ...options })).rejects.toThrow(sentence)
  })

  it('passwords in clear over a network are warned of', async () => {
    const { log } = await open({ url: 'ldap://ldap.example.net', base: people })
    expect(log.lines).toMatchObject([{ level: 'warn' }])
  })
})
