// Real clients over TLS, from the first octet and by STLS, with each mechanism they know: each gets every message, and none
// stays when the certificate is not the one it should be.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itWith } from '../../e2e/program.ts'
import type { PopClient } from './client.ts'
import { curl } from './clients/curl.ts'
import { fetchmail } from './clients/fetchmail.ts'
import { getmail } from './clients/getmail.ts'
import { mpop } from './clients/mpop.ts'
import { mutt } from './clients/mutt.ts'
import { poplib } from './clients/poplib.ts'
import { prints, sent, TlsOffice } from './office.ts'

const clients: readonly PopClient[] = [curl, fetchmail, getmail, mpop, mutt, poplib]
const users = clients.map(({ program }) => program)
let office: TlsOffice

beforeAll(async () => {
  office = await TlsOffice.open({ users })
  for (const { program, messages } of clients) await office.deliver(program, messages)
}, 60_000)
afterAll(() => office?.close())

const loginsOf = ({ program, ways }: PopClient) =>
  ways.flatMap(([transport, mechanisms]) =>
    mechanisms.map(mechanism => ({ transport, mechanism, user: program, host: 'localhost' })),
  )

describe.each(clients.map(client => [client.name, client] as const))('%s', (_name, client) => {
  for (const way of loginsOf(client)) {
    itWith(client.program, `fetches by ${way.transport} with ${way.mechanism}`, async () => {
      const before = office.logins(client.program).length
      const messages = await client.fetch(office, { ...way, caFile: office.caFile })
      expect(prints(messages)).toEqual(sent(client.messages))
      const logins = () => office.logins(client.program).slice(before)
      const tls = expect.stringMatching(/^TLSv1\.[23]$/) as unknown
      const expected = Array<unknown>(client.logins ?? 1).fill({ mechanism: way.mechanism, tls })
      await expect.poll(logins).toEqual(expected)
    })
  }

  for (const [transport, [mechanism = '']] of client.ways) {
    const way = { transport, mechanism, user: client.program }
    itWith(client.program, `goes away by ${transport} when a stranger signed the certificate`, async () => {
      const before = office.logins(client.program).length
      const login = { ...way, caFile: office.strangerCaFile, host: 'localhost' }
      expect(await client.fetch(office, login).catch(() => [])).toEqual([])
      expect(office.logins(client.program)).toHaveLength(before)
    })

    itWith(client.program, `goes away by ${transport} when the certificate has another name`, async () => {
      const before = office.logins(client.program).length
      const login = { ...way, caFile: office.caFile, host: '127.0.0.1' }
      expect(await client.fetch(office, login).catch(() => [])).toEqual([])
      expect(office.logins(client.program)).toHaveLength(before)
    })
  }
})
