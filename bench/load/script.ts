// What a load session says, and what it expects to hear: prepared once for each maildrop.
import type { MaildropFacts } from '../corpus.ts'
import type { LoginKind, Pop3Job, Pop3Script } from './job.ts'
import { type CheckedMaildrop, statOf } from './pop3-client.ts'
import type { ExpectedReply } from './reply-checker.ts'
import { ScramClient } from './scram-client.ts'

/** Octets to send, and the replies to await before the next step. */
export interface Step {
  /** Where it depends on what was answered, on the last status line. */
  readonly send: string | ((lastStatus: string) => string)
  readonly replies: readonly ExpectedReply[]
}

export function stepsOf(
  { script, login, passes }: Pick<Pop3Job, 'script' | 'login' | 'passes'>,
  maildrop: MaildropFacts,
  checked: CheckedMaildrop,
): Step[] {
  const pass = scriptSteps[script](checked)
  return [
    { send: '', replies: [{ status: '+OK' }] },
    ...loginSteps[login](maildrop),
    { send: 'STAT\r\n', replies: [{ status: statOf(maildrop) }] },
    ...Array.from({ length: passes }, () => pass).flat(),
    { send: 'QUIT\r\n', replies: [{ status: '+OK' }] },
  ]
}

const loginSteps: Record<LoginKind, (maildrop: MaildropFacts) => Step[]> = {
  password: ({ name, password }) => [
    { send: `USER ${name}\r\n`, replies: [{ status: '+OK' }] },
    { send: `PASS ${password}\r\n`, replies: [{ status: '+OK' }] },
  ],
  // The server's last words come as a challenge, to be answered with nothing. RFC 5034 section 4.
  scram: ({ name, password }) => {
    const client = new ScramClient(name, password)
    return [
      { send: () => `AUTH SCRAM-SHA-256 ${client.first()}\r\n`, replies: [{ status: '+ ' }] },
      { send: status => `${client.final(status.slice(2))}\r\n`, replies: [{ status: '+ ' }] },
      {
        send: status => {
          client.check(status.slice(2))
          return '\r\n'
        },
        replies: [{ status: '+OK' }],
      },
    ]
  },
}

const scriptSteps: Record<Pop3Script, (checked: CheckedMaildrop) => Step[]> = {
  login: () => [],
  list: ({ listOctets, uidlOctets }) => [
    { send: 'UIDL\r\n', replies: [{ status: '+OK', bodyOctets: uidlOctets }] },
    { send: 'LIST\r\n', replies: [{ status: '+OK', bodyOctets: listOctets }] },
  ],
  fetch: ({ messageOctets }) =>
    messageOctets.map((bodyOctets, index) => ({
      send: `RETR ${index + 1}\r\n`,
      replies: [{ status: '+OK', bodyOctets, isMessage: true }],
    })),
  pipe: ({ messageOctets }) => [
    {
      send: messageOctets.map((_, index) => `RETR ${index + 1}\r\n`).join(''),
      replies: messageOctets.map(bodyOctets => ({ status: '+OK', bodyOctets, isMessage: true })),
    },
  ],
}
