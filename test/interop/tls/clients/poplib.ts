// Python's poplib: POP3_SSL, and STLS by `stls()`.
import { resolve } from 'node:path'
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardMessages } from '../../awkward-messages.ts'
import { readFolder } from '../../collector-files.ts'
import { type PopClient, passwordOf, portOf } from '../client.ts'

const script = resolve(import.meta.dirname, 'poplib_over_tls.py')

export const poplib: PopClient = {
  name: 'poplib',
  program: 'python3',
  ways: [
    ['pop3s', ['password', 'APOP']],
    ['stls', ['password', 'APOP']],
  ],
  messages: awkwardMessages,
  async fetch(office, { transport, mechanism, user, caFile, host }) {
    const folder = office.workplace()
    const port = String(portOf(office, transport))
    const how = [transport, host, port, caFile, mechanism]
    await runOrFail('python3', [script, ...how, user, passwordOf(user), folder])
    return readFolder(folder)
  },
}
