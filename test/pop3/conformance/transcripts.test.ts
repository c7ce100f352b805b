// Whatever the cases of logins send, their transcripts on disk have no secret in them, and are whole when they are read.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Secrets } from '../../../src/conformance/secrets.ts'
import { formatTranscript, parseTranscript } from '../../../src/conformance/transcript-file.ts'
import { sections } from '../../../src/pop3/conformance/sections/index.ts'
import { openPop3Suite } from '../../../src/pop3/conformance/suite.ts'
import { type CheckedOffice, openCheckedOffice } from './checked-office.ts'

let office: CheckedOffice
beforeAll(async () => {
  office = await openCheckedOffice('memory')
})
afterAll(() => office.close())

/** Base64 of the password, wherever in a group of three octets it begins. */
function encodings(password: string): readonly string[] {
  return ['', '\0', '\0\0'].map(before =>
    Buffer.from(`${before}${password}`)
      .toString('base64')
      .slice(before.length + 1, -4),
  )
}

it('no transcript of a login has the password', async () => {
  const options = office.options('clear')
  const { password } = options.credentials
  const secrets = new Secrets(password)
  const only = sections.map(({ name }) => name).filter(name => /sasl|plain|scram|authorization/.test(name))
  expect(only.length).toBeGreaterThan(2)
  const suite = await openPop3Suite({ ...options, only })
  let withSecrets = 0
  for await (const { transcript, item } of suite.runs) {
    const text = formatTranscript({ header: { case: item.id }, entries: transcript }, secrets)
    for (const secret of [password, ...encodings(password)]) expect(text, item.id).not.toContain(secret)
    if (/\{(?:password|base64)/.test(text)) withSecrets++
    const read = parseTranscript(text, secrets)
    for (const [at, { octets, isIncomplete }] of read.entries.entries())
      if (!isIncomplete)
        expect(Buffer.from(octets).equals(Buffer.from(transcript[at]?.octets ?? []))).toBe(true)
  }
  expect(withSecrets).toBeGreaterThan(10)
})
