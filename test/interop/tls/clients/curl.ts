// curl, with pop3s:// and with pop3:// and --ssl-reqd. Debian's knows no SCRAM, and takes OAUTHBEARER
// where it is told XOAUTH2 and both are there.
import { runOrFail } from '../../../e2e/program.ts'
import { awkwardMessages } from '../../awkward-messages.ts'
import { type Login, type PopClient, passwordOf, portOf } from '../client.ts'
import type { TlsOffice } from '../office.ts'

const all = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'OAUTHBEARER', 'EXTERNAL', 'APOP']

export const curl: PopClient = {
  name: 'curl',
  program: 'curl',
  ways: [
    ['pop3s', all],
    ['stls', all],
  ],
  messages: awkwardMessages,
  logins: awkwardMessages.length + 1,
  async fetch(office, login) {
    const listing = (await run(office, login, '')).toString().trimEnd().split('\r\n')
    const messages: Buffer[] = []
    for (const line of listing) messages.push(await run(office, login, line.split(' ')[0] ?? ''))
    return messages
  },
}

async function run(office: TlsOffice, login: Login, path: string): Promise<Buffer> {
  const { transport, mechanism, user, caFile, host } = login
  const scheme = transport === 'pop3s' ? 'pop3s' : 'pop3'
  const { certFile, keyFile } = office.clientPair(user)
  const takesToken = mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2'
  const takesPassword = !takesToken && mechanism !== 'EXTERNAL'
  return runOrFail('curl', [
    ...['--silent', '--show-error', '--ssl-reqd', '--cacert', caFile],
    // With a password it would not say AUTH EXTERNAL.
    ...['--user', `${user}:${takesPassword ? passwordOf(user) : ''}`],
    ...(takesToken ? ['--oauth2-bearer', await office.tokenFor(user)] : []),
    ...(mechanism === 'EXTERNAL' ? ['--cert', certFile, '--key', keyFile] : []),
    ...['--login-options', mechanism === 'APOP' ? 'AUTH=+APOP' : `AUTH=${mechanism}`],
    `${scheme}://${host}:${portOf(office, transport)}/${path}`,
  ])
}
