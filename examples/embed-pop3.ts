// A POP3 server over mail that is not mail: whoever logs in finds one message per report, made on the spot. Shows the two
// ports a program brings (who has an account, what is in a maildrop) and that the server does the rest.
//
//   node embed-pop3.js 127.0.0.1:2110        then        curl pop3://127.0.0.1:2110/1 --user ann:secret
import {
  type Account,
  type AccountDirectory,
  createAuthenticator,
  hashPassword,
  type Maildrop,
  type MaildropStore,
  parseListenAddress,
  Refusal,
  startPop3Server,
} from 'poplar-mail/pop3'

const ann: Account = {
  id: 'ann',
  name: 'ann',
  passwordHash: await hashPassword(Buffer.from('secret')),
  scramKeys: [],
  sealedPassword: undefined,
  isDisabled: false,
  quotaOctets: 0,
  usedOctets: 0,
  usedMessages: 0,
  inboxId: 'ann',
  createdAt: new Date(),
  settings: {},
}

const directory: AccountDirectory = {
  findAccount: async name => (name === 'ann' ? ann : undefined),
  findAlias: async () => [],
}

/** Whatever your program has to tell; each id is a unique-id, and must stay the same from session to session. */
const reports = new Map([
  ['report-2026-11-19', 'Disk 71 % full.\r\n.. and no errors.\r\n'],
  ['report-2026-11-20', 'Disk 72 % full.\r\n'],
])

const header = (id: string) => `From: reports@example.net\r\nTo: ann@example.net\r\nSubject: ${id}\r\n\r\n`
const locked = new Set<string>()

function openReports(name: string): Maildrop {
  locked.add(name)
  const uidls = [...reports.keys()]
  const messages = [...reports].map(([id, text]) => Buffer.from(header(id) + text))
  const octets = Float64Array.from(messages, message => message.length)
  return {
    listing: {
      count: messages.length,
      octets,
      uidls,
      totalOctets: octets.reduce((sum, size) => sum + size, 0),
    },
    async read(index) {
      const message = messages[index]
      const uidl = uidls[index]
      if (message === undefined || uidl === undefined) throw new RangeError(`no message ${index}`)
      const dotLines = message.toString('latin1').match(/^\./gm)?.length ?? 0
      return { octets: message.length, headerOctets: header(uidl).length, dotLines, body: [message] }
    },
    async update(indexes) {
      for (const index of indexes) reports.delete(uidls[index] ?? '')
      locked.delete(name)
    },
    async noteRetrieved() {
      // Nothing here is kept longer or shorter for having been read.
    },
    async release() {
      locked.delete(name)
    },
  }
}

const maildrops: MaildropStore = {
  async openMaildrop({ name }) {
    if (locked.has(name)) throw new Refusal('maildrop-in-use', 'another session reads the reports')
    return openReports(name)
  },
}

const address = parseListenAddress(process.argv[2] ?? '127.0.0.1:2110')
if (!address) throw new Error('usage: embed-pop3 ADDRESS:PORT')
const server = await startPop3Server({
  listen: [address],
  hostname: 'reports.example.net',
  authenticator: createAuthenticator(directory),
  maildrops,
})
console.log(`reports on port ${server.addresses[0]?.port}`)
process.once('SIGTERM', () => void server.drain(1000))
