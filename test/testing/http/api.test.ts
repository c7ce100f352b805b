// The HTTP API of the test office, endpoint by endpoint; every answer is checked by the schema it is described by.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, Pop3Error, password } from '../../../src/pop3/client/index.ts'
import type { OfficeApi } from '../../../src/testing/http/server.ts'
import { startTestOffice, type TestMailbox, type TestOffice } from '../../../src/testing/index.ts'
import { ask, call, faults, problem, startApi } from './api-client.ts'

let office: TestOffice
let api: OfficeApi
beforeEach(async () => {
  office = await startTestOffice({
    users: [{ name: 'ann', password: 'sesame' }],
    catchAll: 'any-domain',
  })
  api = await startApi(office)
})
afterEach(async () => {
  await api.close()
  await office.close()
  expect(faults.splice(0)).toEqual([])
})

interface Listed {
  readonly total: number
  readonly messages: readonly { readonly id: string; readonly subject: string }[]
}
interface Message {
  readonly id: string
  readonly subject: string
  readonly codes: readonly string[]
  readonly links: readonly string[]
  readonly attachments: readonly { readonly filename: string; readonly path: string }[]
  readonly fault: string | null
}

const subjectsOf = ({ messages }: Listed) => messages.map(({ subject }) => subject)
const logIn = () =>
  connect({ ...office.pop3, tls: 'none', allowCleartextAuth: true, auth: password('ann', 'sesame') })

describe('messages', () => {
  beforeEach(async () => {
    await office.deliver({ to: 'ann', subject: 'Hello (1) [draft]', text: 'one' })
    await office.deliver({ to: 'bob@example.net', from: 'app@example.com', subject: 'hello again' })
    await office.deliver({ to: ['ann', 'bob@example.net'], subject: 'third' })
  })

  it.each([
    ['', ['Hello (1) [draft]', 'hello again', 'third']],
    ['?to=ann', ['Hello (1) [draft]', 'third']],
    ['?to=ANN@office.test', ['Hello (1) [draft]', 'third']],
    ['?to=ann&subject=THIRD', ['third']],
    ['?subject=hello', ['Hello (1) [draft]', 'hello again']],
    [`?subject=${encodeURIComponent('(1) [')}`, ['Hello (1) [draft]']],
    ['?subject=.*', []],
    ['?from=app@example.com', ['hello again']],
    ['?offset=1&limit=1', ['hello again']],
  ])('are listed by %s', async (query, subjects) => {
    expect(subjectsOf(await call<Listed>(api, 'listMessages', query))).toEqual(subjects)
  })

  it('tell how many fit, however many are listed', async () => {
    expect((await call<Listed>(api, 'listMessages', '?limit=1')).total).toBe(3)
  })

  it('are deleted by the same filters, out of the maildrops as well', async () => {
    expect(await call(api, 'deleteMessages', '?to=ann&subject=hello')).toEqual({ deleted: 1 })
    expect(subjectsOf(await call<Listed>(api, 'listMessages'))).toEqual(['hello again', 'third'])
    await using session = await logIn()
    expect(await session.listing()).toHaveLength(1)
    await session.commit()
  })

  it('are deleted one by one', async () => {
    const { messages } = await call<Listed>(api, 'listMessages')
    const path = `/messages/${messages[1]?.id}`
    await call(api, 'deleteMessage', path)
    expect(subjectsOf(await call<Listed>(api, 'listMessages'))).toEqual(['Hello (1) [draft]', 'third'])
    expect((await problem(api.url + path, 'DELETE')).status).toBe(404)
    expect((await problem(api.url + path)).detail).toBe('there is no such message')
  })
})

describe('a message', () => {
  it('is composed, delivered, and given parsed', async () => {
    const sent = await call<Message>(api, 'deliver', '', {
      to: 'ann',
      subject: 'Grüße',
      text: 'Your code is 123 456. https://app.example/x?a=1&b=2',
      attachments: [
        { filename: "a 'b'.bin", content: 'AAEC/w==', encoding: 'base64' },
        { filename: 'c.txt', content: 'text' },
      ],
    })
    const message = await call<Message>(api, 'message', `/messages/${sent.id}`)
    expect(message).toEqual(sent)
    expect(message).toMatchObject({
      subject: 'Grüße',
      codes: ['123456'],
      links: ['https://app.example/x?a=1&b=2'],
      envelope: { from: 'sender@example.com', to: ['ann@office.test'] },
      attachments: [{ filename: "a 'b'.bin", octets: 4 }, { filename: 'c.txt' }],
      fault: null,
    })
    const attachment = await ask(new URL(message.attachments[0]?.path ?? '', api.url).href)
    expect([...attachment.octets]).toEqual([0, 1, 2, 255])
    expect(attachment.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': "attachment; filename*=UTF-8''a%20%27b%27.bin",
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    })
    for (const number of ['2', '-1', '00x'])
      expect((await problem(`${api.url}/messages/${sent.id}/attachments/${number}`)).status).toBe(404)
  })

  it('goes in and comes out as it is, octet by octet', async () => {
    const octets = Buffer.from('Subject: raw\r\nTo: ann@office.test\r\n\r\n.\r\n\xff\0\r\n', 'latin1')
    const asked = await ask(`${api.url}/messages/raw`, 'POST', { 'content-type': 'message/rfc822' }, octets)
    expect(asked.status).toBe(201)
    const { id } = JSON.parse(asked.octets.toString()) as Message
    const raw = await ask(`${api.url}/messages/${id}/raw`)
    expect(raw.headers['content-type']).toBe('message/rfc822')
    expect(raw.octets.subarray(-octets.length).equals(octets)).toBe(true)
    const head = await ask(`${api.url}/messages/${id}/raw`, 'HEAD')
    expect(head.headers['content-length']).toBe(String(raw.octets.length))
    expect(head.octets).toHaveLength(0)
  })

  it('has the envelope that it is given', async () => {
    const path = '/messages/raw?from=a@example.com&to=b@example.net&to=c@example.net'
    const body = 'Subject: x\n\n'
    const asked = await ask(api.url + path, 'POST', { 'content-type': 'message/rfc822' }, body)
    const { envelope } = JSON.parse(asked.octets.toString()) as { envelope: unknown }
    expect(envelope).toEqual({ from: 'a@example.com', to: ['b@example.net', 'c@example.net'] })
  })

  it('that nobody can receive is refused with the reason', async () => {
    const told = await problem(
      `${api.url}/messages`,
      'POST',
      { 'content-type': 'application/json' },
      '{"to":"@"}',
    )
    expect(told).toMatchObject({ status: 422, title: 'Unprocessable Entity' })
    expect(told.detail).toMatch(/^no mail for .*: that is no address$/)
  })
})

describe('wait', () => {
  it('gives what came already, then what comes next', async () => {
    await office.deliver({ to: 'ann', subject: 'first' })
    expect((await call<Message>(api, 'wait', '?to=ann')).subject).toBe('first')
    const next = call<Message>(api, 'wait', '?to=ann')
    await office.deliver({ to: 'bob@example.net', subject: 'for another' })
    await office.deliver({ to: 'ann', subject: 'second' })
    expect((await next).subject).toBe('second')
  })

  it('gives up with what did come', async () => {
    await office.deliver({ to: 'ann', subject: 'something else' })
    const told = await problem(`${api.url}/wait?to=bob&timeout=10`)
    expect(told.status).toBe(404)
    expect(told.detail).toMatch(/^no message to bob came in 10 ms;[^]*something else/)
  })

  it('takes nothing for a client that has gone', async () => {
    const gone = new AbortController()
    const asking = fetch(`${api.url}/wait?to=ann`, { signal: gone.signal })
    // The request has arrived when a later one on another connection is answered: both go through one event loop.
    await call(api, 'office')
    gone.abort()
    await expect(asking).rejects.toThrow()
    await call(api, 'office')
    await office.deliver({ to: 'ann', subject: 'not lost' })
    expect((await call<Message>(api, 'wait', '?to=ann')).subject).toBe('not lost')
  })
})

describe('mailboxes', () => {
  it('are made at will, and fetched from with what is told of them', async () => {
    const made = await call<TestMailbox>(api, 'createMailbox', '', {})
    const named = await call<TestMailbox>(api, 'createMailbox', '', { name: 'Bob', password: 'p' })
    expect(named).toMatchObject({ name: 'bob', address: 'bob@office.test', password: 'p' })
    const { mailboxes } = await call<{ mailboxes: TestMailbox[] }>(api, 'listMailboxes')
    expect(mailboxes.map(({ name }) => name)).toEqual(['ann', made.name, 'bob'])
    expect(await call(api, 'mailbox', '/mailboxes/BOB%40office.test')).toEqual(named)
    await using session = await connect({
      ...office.pop3,
      tls: 'none',
      allowCleartextAuth: true,
      auth: password(made.name, made.password),
    })
    expect(await session.listing()).toHaveLength(0)
    await session.commit()
  })

  it.each([
    ['{"name":"ann"}', 409],
    [`{"name":${JSON.stringify('a\r\nb')}}`, 422],
    ['{"name":"x","password":""}', 400],
    ['{"name":1}', 400],
  ])('refuse %s with %d', async (body, status) => {
    const told = await problem(`${api.url}/mailboxes`, 'POST', { 'content-type': 'application/json' }, body)
    expect(told.status).toBe(status)
  })

  it('that are not there are not found', async () => {
    expect((await problem(`${api.url}/mailboxes/nobody`)).status).toBe(404)
    expect((await problem(`${api.url}/mailboxes/%00`)).status).toBe(404)
  })
})

describe('sessions', () => {
  it('are listed and shown, without secrets', async () => {
    {
      await using session = await logIn()
      await session.commit()
    }
    const { sessions } = await call<{ sessions: { id: string; lines: number }[] }>(
      api,
      'listSessions',
      '?protocol=pop3&user=ann',
    )
    expect(sessions).toMatchObject([{ protocol: 'pop3', user: 'ann', endedBy: 'quit', state: 'ended' }])
    const shown = await call<{ transcript: string; lines: unknown[] }>(
      api,
      'session',
      `/sessions/${sessions[0]?.id}`,
    )
    expect(shown.transcript).toMatch(/C: QUIT\nS: \+OK/)
    expect(shown.lines).toHaveLength(sessions[0]?.lines ?? 0)
    expect(JSON.stringify(shown)).not.toContain('sesame')
    expect(await call(api, 'listSessions', '?protocol=smtp')).toEqual({ sessions: [] })
    expect((await problem(`${api.url}/sessions/none`)).status).toBe(404)
  })
})

describe('chaos', () => {
  const refusal = (code: string) => (error: unknown) =>
    error instanceof Pop3Error && error.responseCode === code

  it('is made by rules, told, and taken back', async () => {
    const added = await call<{ id: string }>(api, 'addRule', '', { fault: 'in-use', user: 'ann' })
    await call(api, 'addRule', '', { fault: 'sys-temp', verb: ['PASS'] })
    expect(await logIn().catch(refusal('IN-USE'))).toBe(true)
    await call(api, 'removeRule', `/chaos/${added.id}`)
    expect((await problem(`${api.url}/chaos/${added.id}`, 'DELETE')).status).toBe(404)
    expect(await call(api, 'chaos')).toMatchObject({
      rules: [{ id: '2', rule: { fault: 'sys-temp', verb: ['PASS'] } }],
      injected: [{ rule: { fault: 'in-use' }, user: 'ann' }],
    })
    await call(api, 'clearChaos')
    expect(await call(api, 'chaos')).toMatchObject({ rules: [] })
    await using session = await logIn()
    await session.commit()
  })

  it.each([
    [{ fault: 'nothing' }, /fault: .*'drop'/],
    [{ fault: 'drop', nth: 0 }, /nth: /],
    [{ fault: 'drop', probability: 2 }, /probability: /],
    [{ fault: 'list-gap', octets: 1 }, /"octets"/],
    [{}, /fault: /],
  ])('refuses %j', async (rule, detail) => {
    const told = await problem(
      `${api.url}/chaos`,
      'POST',
      { 'content-type': 'application/json' },
      JSON.stringify(rule),
    )
    expect(told.status).toBe(400)
    expect(told.detail).toMatch(detail)
    expect(told.mistakes).toMatchObject([{ in: 'body' }])
  })
})

describe('the clock', () => {
  it('moves on', async () => {
    const before = await call<{ now: string }>(api, 'clock')
    const after = await call<{ now: string }>(api, 'advance', '/clock', { advanceMs: 86_400_000 })
    expect(Date.parse(after.now) - Date.parse(before.now)).toBeGreaterThanOrEqual(86_400_000)
    expect(office.clock.now()).toBeGreaterThanOrEqual(Date.parse(after.now))
  })
})
