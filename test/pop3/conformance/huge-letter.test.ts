// A message that is never held: made in pieces, sent in pieces, compared as it comes.
import { afterEach, describe, expect, it } from 'vitest'
import { deliveryBy } from '../../../src/conformance/delivery.ts'
import { Transcript } from '../../../src/conformance/transcript.ts'
import { Wire } from '../../../src/conformance/wire.ts'
import { gaugeBody, gaugeOf, hugePieces } from '../../../src/pop3/conformance/huge-letter.ts'
import { answering, type ScriptedServer, scriptedServer } from '../../conformance/scripted-server.ts'

const firstLine = Buffer.from('From: check@example.org\r\n')
const mebibyte = 1024 * 1024
let server: ScriptedServer | undefined
afterEach(() => server?.close())

async function gauged(octets: Buffer) {
  server = await scriptedServer(socket => socket.write(octets))
  const wire = await Wire.open({
    name: 'first',
    host: '127.0.0.1',
    port: server.port,
    transcript: new Transcript(),
    patienceMs: 5_000,
  })
  try {
    return await gaugeBody(wire, firstLine)
  } finally {
    wire.drop()
  }
}

function stuffedBody(message: Buffer): Buffer {
  const text = message.toString('latin1').replace(/(^|\r\n)\./g, '$1..')
  return Buffer.from(`Received: by x\r\n${text}.\r\n`, 'latin1')
}

describe('a huge letter', () => {
  it('is of whole lines, as many octets as were asked for, some with a dot in front', () => {
    const [head, ...blocks] = hugePieces('seed', 3)
    expect(head?.toString()).toContain('X-Poplar-Check: plain seed')
    expect(blocks.map(({ length }) => length)).toEqual([mebibyte, mebibyte, mebibyte])
    expect(blocks[0]?.subarray(-2).toString()).toBe('\r\n')
    expect(blocks[0]?.includes('\r\n.u')).toBe(true)
  })

  it('is a gigabyte and a little unless said otherwise', () => {
    let octets = 0
    for (const { length } of hugePieces('seed')) octets += length
    expect(octets).toBeGreaterThan(1024 * mebibyte)
    expect(octets).toBeLessThan(1025 * mebibyte)
  })

  it('comes to the same as it was sent, behind lines in front', async () => {
    const sent = gaugeOf(hugePieces('seed', 2))
    const came = await gauged(stuffedBody(Buffer.concat([...hugePieces('seed', 2)])))
    expect(came).toEqual({ ...sent, octets: sent.octets + 'Received: by x\r\n'.length })
  })

  it('comes to something else when an octet is changed', async () => {
    const octets = Buffer.concat([...hugePieces('seed', 1)])
    octets.write('v', mebibyte / 2)
    const came = await gauged(stuffedBody(octets))
    const sent = gaugeOf(hugePieces('seed', 1))
    expect(came.letterOctets).toBe(sent.letterOctets)
    expect(came.digest).not.toBe(sent.digest)
  })
})

describe('delivery in pieces', () => {
  it('stuffs dots, and ends what has no line end', async () => {
    let received = ''
    let isContent = false
    server = await scriptedServer(
      answering('220 hello\r\n', line => {
        if (isContent) {
          received += `${line}\r\n`
          isContent = line !== '.'
          return isContent ? undefined : '250 kept\r\n'
        }
        isContent = line === 'DATA'
        return isContent ? '354 go on\r\n' : '250 well\r\n'
      }),
    )
    const deliver = deliveryBy({
      host: '127.0.0.1',
      port: server.port,
      protocol: 'lmtp',
      recipient: 'ann',
      patienceMs: 2_000,
    })
    await deliver.inPieces?.([
      Buffer.from('Subject: x\r\n\r\n'),
      Buffer.from('.dot\r\n..\r\n'),
      Buffer.from('.'),
    ])
    expect(received).toBe('Subject: x\r\n\r\n..dot\r\n...\r\n..\r\n.\r\n')
    received = ''
    await deliver(Buffer.from('Subject: y\r\n\r\n'))
    expect(received).toBe('Subject: y\r\n\r\n.\r\n')
  })

  it('is not possible where it is refused', async () => {
    server = await scriptedServer(
      answering('220 hello\r\n', line => (line.startsWith('RCPT') ? '550 nobody\r\n' : '250 well\r\n')),
    )
    const options = { host: '127.0.0.1', port: server.port, recipient: 'ann', patienceMs: 2_000 }
    const deliver = deliveryBy({ ...options, protocol: 'smtp' })
    await expect(deliver(Buffer.from('x\r\n'))).rejects.toThrow('the server answered `550 nobody\\r\\n`')
  })
})
