// Messages of the test office: read, found, waited for.
import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { NoMessageError, startTestOffice } from '../../src/testing/index.ts'

describe('office.deliver', () => {
  it('composes what it is given, and gives it as it was laid down', async () => {
    await using office = await startTestOffice({ users: ['ann', 'bob'] })
    const picture = Uint8Array.of(0, 255, 13, 10, 46)
    const message = await office.deliver({
      to: ['ann', 'bob@office.test'],
      from: 'Grüße <shop@example.com>',
      subject: 'Ihre Bestellung: 5 €',
      text: 'Danke für Ihren Einkauf.',
      html: '<p>Danke &amp; bis bald</p>',
      headers: { 'X-Order': '17' },
      attachments: [
        { filename: 'rechnung.txt', content: 'ä' },
        { filename: 'logo.png', content: picture, contentId: 'logo' },
      ],
    })
    expect(message).toMatchObject({
      envelope: { from: 'shop@example.com', to: ['ann@office.test', 'bob@office.test'] },
      subject: 'Ihre Bestellung: 5 €',
      from: { name: 'Grüße', address: 'shop@example.com' },
      to: [{ address: 'ann@office.test' }, { address: 'bob@office.test' }],
      fault: undefined,
    })
    expect(message.text.trim()).toBe('Danke für Ihren Einkauf.')
    expect(message.html.trim()).toBe('<p>Danke &amp; bis bald</p>')
    expect(message.header('x-order')).toBe('17')
    expect(message.header('From')).toBe('Grüße <shop@example.com>')
    expect(message.headers[0]?.name).toBe('Received')
    const [invoice, logo] = message.attachments.toSorted((one, other) =>
      other.contentType.localeCompare(one.contentType),
    )
    expect(invoice).toMatchObject({
      filename: 'rechnung.txt',
      contentType: 'text/plain',
      disposition: 'attachment',
    })
    expect(Buffer.from(invoice?.content ?? []).toString()).toBe('ä')
    expect(logo).toMatchObject({ contentType: 'image/png', contentId: 'logo', content: picture })
    expect(Buffer.from(message.raw).toString('latin1')).toMatch(/^Received: [^]*\r\nX-Order: 17\r\n[^]*\r\n$/)
    expect(office.mailboxes.map(({ name }) => name)).toEqual(['ann', 'bob'])
    expect(await office.messages()).toEqual([message])
  })

  it('takes octets as they are, to whom their header names or the envelope', async () => {
    await using office = await startTestOffice({ catchAll: true })
    const raw = 'From: x@example.com\nTo: Ann <ann@office.test>\nBcc: bob@office.test\nSubject: raw\n\n.dot\n'
    const own = await office.deliver(raw)
    expect(own.envelope).toEqual({ from: 'x@example.com', to: ['ann@office.test', 'bob@office.test'] })
    expect(Buffer.from(own.raw).toString()).toMatch(/\r\nSubject: raw\r\n\r\n\.dot\r\n$/)
    const given = await office.deliver(Buffer.from(raw), { from: '', to: ['cid@office.test'] })
    expect(given.envelope).toEqual({ from: '', to: ['cid@office.test'] })
    await expect(office.deliver('Subject: to nobody\n\n')).rejects.toThrow('names no recipient')
  })

  it('keeps what cannot be parsed, with its fault', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    const nested = Array.from({ length: 300 }, (_, depth) => {
      const [outer, inner] = [`b${depth}`, `b${depth + 1}`]
      const type = `Content-Type: multipart/mixed; boundary=${inner}\n\n`
      return depth === 0 ? `Subject: deep\n${type}` : `--${outer}\n${type}`
    })
    const message = await office.deliver(nested.join(''), { from: 'x@example.com', to: ['ann@office.test'] })
    expect(message.fault).toBeTypeOf('string')
    expect(message).toMatchObject({ subject: '', text: '', links: [], envelope: { to: ['ann@office.test'] } })
    expect(message.raw.length).toBeGreaterThan(10_000)
  })
})

describe('office.waitForMessage', () => {
  it('waits for the one that fits, whatever else comes', async () => {
    await using office = await startTestOffice({ users: ['ann', 'bob'] })
    const waiting = office.waitForMessage({ to: 'ann', from: /@shop\./, subject: /^Your order/ })
    await office.deliver({ to: 'bob', from: 'a@shop.example', subject: 'Your order 1' })
    await office.deliver({ to: 'ann', from: 'a@spam.example', subject: 'Your order 2' })
    await office.deliver({ to: 'ann', from: 'a@shop.example', subject: 'About your order' })
    const wanted = await office.deliver({ to: 'ann', from: 'a@shop.example', subject: 'Your order 4' })
    expect(await waiting).toBe(wanted)
  })

  it('returns each message once for each filter, those that are there first', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    const first = await office.deliver({ to: 'ann', subject: 'a' })
    const second = await office.deliver({ to: 'ann', subject: 'b' })
    expect(await office.waitForMessage({ to: 'ann' })).toBe(first)
    expect(await office.waitForMessage({ to: 'ann' })).toBe(second)
    expect(await office.waitForMessage({ subject: 'a' })).toBe(first)
    expect(await office.waitForMessage({ subject: /a/ })).toBe(first)
    const [one, other] = [office.waitForMessage({ to: 'ann' }), office.waitForMessage({ to: 'ann' })]
    const third = await office.deliver({ to: 'ann', subject: 'c' })
    const fourth = await office.deliver({ to: 'ann', subject: 'd' })
    expect(await Promise.all([one, other])).toEqual([third, fourth])
    await expect(office.waitForMessage({ to: 'ann', timeout: 1 })).rejects.toThrow(NoMessageError)
  })

  it('compares addresses without regard to case, and patterns from the beginning', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    const pattern = /ANN/gi
    const first = await office.deliver({ to: 'Ann@OFFICE.test', subject: 'x' })
    expect(await office.messages({ to: 'aNN' })).toEqual([first])
    expect(await office.messages({ to: pattern })).toEqual([first])
    expect(await office.messages({ to: pattern })).toEqual([first])
    expect(await office.messages({ from: 'SENDER@example.com' })).toEqual([first])
    expect(await office.messages({ subject: 'X' })).toEqual([])
  })

  it('knows who is meant where the envelope has no domain', async () => {
    await using office = await startTestOffice({ users: ['ann', 'bob'] })
    const message = await office.deliver('Subject: x\n\n', { from: '', to: ['Ann', 'bob@office.test'] })
    expect(message.envelope.to).toEqual(['Ann', 'bob@office.test'])
    for (const to of ['ann', 'ANN@Office.Test', 'bob', /^Ann@/, /^Ann$/])
      expect(await office.messages({ to })).toEqual([message])
    for (const to of ['eve', 'ann@other.test', /@other/]) expect(await office.messages({ to })).toEqual([])
  })

  it('tells what has come when the time is over', async () => {
    await using office = await startTestOffice({ users: ['ann'] })
    await expect(office.waitForMessage({ to: 'ann', timeout: 1 })).rejects.toThrow(
      'no message to ann came in 1 ms; nothing has come',
    )
    const came = await office.deliver({ to: 'ann', subject: 'Welcome\tback' })
    const failure: unknown = await office
      .waitForMessage({ to: 'ann', subject: /reset/, timeout: 1 })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NoMessageError)
    expect((failure as NoMessageError).messages).toEqual([came])
    expect((failure as NoMessageError).message).toBe(
      'no message to ann, subject /reset/ came in 1 ms; of 1 that came, the latest:\n' +
        '  from <sender@example.com> to <ann@office.test>: "Welcome\\tback"',
    )
  })

  it('ends with its signal, and with the office', async () => {
    const office = await startTestOffice()
    const controller = new AbortController()
    const aborted = office.waitForMessage({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await expect(office.waitForMessage({ signal: controller.signal })).rejects.toThrow('enough')
    const left = office.waitForMessage({ timeout: 60_000 })
    const closing = office.close()
    await expect(left).rejects.toThrow('the office has closed')
    await closing
    await expect(office.waitForMessage()).rejects.toThrow('the office has closed')
  })
})
