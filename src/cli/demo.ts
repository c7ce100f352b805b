// The users and messages of `poplar serve --demo`: one of each kind that mail programs stumble over.
import { dirname, join, resolve } from 'node:path'
import { storePassword } from '../auth/stored-password.ts'
import type { Config } from '../config.ts'
import { localEnvelope } from '../mail/envelope.ts'
import { createId } from '../mail/id.ts'
import type { Service } from '../service.ts'

export const demoUsers = [
  { name: 'demo', password: 'demo' },
  { name: 'ann', password: 'ann' },
  { name: 'bob', password: 'bob' },
] as const

/** Never the folder of the real office, whose users would get passwords that everybody knows. */
export function demoFolder(config: Config, demo: true | string): string {
  return demo === true ? join(dirname(config.data), 'poplar-demo') : resolve(demo)
}

/** Makes the users who are missing, gives all of them their passwords, and fills the maildrops that are empty. */
export async function fillDemo({ store, delivery, listeners }: Service, config: Config): Promise<void> {
  const pop3Port = listeners.find(({ service }) => service === 'pop3')?.port ?? 110
  for (const { name, password } of demoUsers) {
    const { argon2: cost, scramIterations } = config.auth
    const stored = await storePassword(Buffer.from(password), { cost, scramIterations })
    const account = await store.findAccount(name)
    if (account) await store.setPassword(name, stored)
    else await store.addAccount({ name, ...stored })
    if (account && account.usedMessages > 0) continue
    for (const message of messagesFor(name, pop3Port)) {
      const { recipient } = await delivery.resolve(name)
      const envelope = localEnvelope('postmaster@localhost', name)
      if (recipient) await delivery.deliver(envelope, [message], [recipient], 'all')
    }
  }
}

interface DemoMessage {
  readonly subject: string
  readonly contentType: string
  readonly body: readonly string[]
}

function messagesFor(name: string, pop3Port: number): readonly Uint8Array[] {
  return [welcome(name, pop3Port), utf8, attachment, dots].map(({ subject, contentType, body }, index) => {
    const lines = [
      'From: Poplar <postmaster@localhost>',
      `To: <${name}@localhost>`,
      `Subject: ${subject}`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <demo-${index + 1}.${createId()}@localhost>`,
      'MIME-Version: 1.0',
      `Content-Type: ${contentType}`,
      'Content-Transfer-Encoding: 8bit',
      '',
      ...body,
      '',
    ]
    return Buffer.from(lines.join('\r\n'))
  })
}

function welcome(name: string, pop3Port: number): DemoMessage {
  return {
    subject: 'Welcome to Poplar',
    contentType: 'text/plain; charset=us-ascii',
    body: [
      `Hello ${name}, this message waits in your maildrop. Fetch it with any POP3 client, or by hand:`,
      '',
      `    curl --user ${name}:${name} pop3://127.0.0.1:${pop3Port}/      lists the messages`,
      `    curl --user ${name}:${name} pop3://127.0.0.1:${pop3Port}/1     fetches the first`,
    ],
  }
}

const utf8: DemoMessage = {
  subject: '=?UTF-8?B?R3LDvMOfZSBhdXMgWsO8cmljaCDigJMg5pel5pys6Kqe?=',
  contentType: 'text/plain; charset=utf-8',
  body: ['Grüße aus Zürich, поздрав из Београда, 日本語のテキスト, and a 🌳.'],
}

const attachment: DemoMessage = {
  subject: 'A letter with an enclosure',
  contentType: 'multipart/mixed; boundary="=_poplar_demo"',
  body: [
    '--=_poplar_demo',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'The picture is one pixel large.',
    '--=_poplar_demo',
    'Content-Type: image/png; name="pixel.png"',
    'Content-Disposition: attachment; filename="pixel.png"',
    'Content-Transfer-Encoding: base64',
    '',
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ',
    'RU5ErkJggg==',
    '--=_poplar_demo--',
  ],
}

const dots: DemoMessage = {
  subject: 'Lines that begin with a dot',
  contentType: 'text/plain; charset=us-ascii',
  body: ['.one dot', '..two dots', '.', 'The line above is a single dot, and this is not the end.', '...'],
}
