// RFC 2449 section 6.6: commands sent before the one in front is answered, and packets that end anywhere.
import {
  type Ask,
  batch,
  batchAndHalfClose,
  batchAtEverySplit,
  batchByOctets,
  dele,
  list,
  many,
  noop,
  refused,
  retr,
  rset,
  stat,
  uidl,
} from '../batch-steps.ts'
import { closedInTheEnd, inStep, refusedOrClosed } from '../endurance.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { body, closed, connect, freed, halfClose, logIn, ok, pieces, quit, say, silence } from '../steps.ts'

const section = 'RFC 2449 section 6.6'
const cost = 'Clients take one answer for another, and delete or show the wrong mail.'
const mail = ['plain', 'second', 'dots'] as const

const top: Ask = { line: 'TOP 1 0', due: body('a header', () => undefined) }
const capa: Ask = { line: 'CAPA', due: body('a list', () => undefined) }
const bye: Ask = { line: 'QUIT', due: ok() }
const user: Ask = { line: 'USER {user}', due: ok() }
const pass: Ask = { line: 'PASS {password}', due: ok() }

/** Batches of a session with three messages, behind login; each is sent in one packet, and all leave the mail as it is. */
const batches: readonly {
  readonly id: string
  readonly what: string
  readonly asks: readonly Ask[]
  readonly needs?: readonly ('top' | 'uidl')[]
}[] = [
  { id: 'short', what: 'Short answers', asks: [stat(/^3 /), noop, stat(/^3 /), rset] },
  {
    id: 'listings',
    what: 'Listings and short answers',
    asks: [list(1, 2, 3), stat(/^3 /), list(1, 2, 3), noop],
  },
  { id: 'messages', what: 'Messages', asks: [retr(1), retr(3), retr(2), retr(1)] },
  {
    id: 'mixed',
    what: 'Messages, listings and short answers',
    asks: [stat(/^3 /), retr(3), list(1, 2, 3), noop, retr(1), stat(/^3 /)],
  },
  {
    id: 'refusals',
    what: 'Refusals and what is granted',
    asks: [noop, refused('RETR 999'), stat(/^3 /), refused('XNONE'), retr(2)],
  },
  {
    id: 'deletions',
    what: 'Deletions and what shows them',
    asks: [stat(/^3 /), dele(2), stat(/^2 /), refused('RETR 2'), list(1, 3), rset, stat(/^3 /), retr(2)],
  },
  {
    id: 'unique-ids',
    what: 'Unique-ids, deletions and messages',
    asks: [uidl(1, 2, 3), dele(1), uidl(2, 3), retr(3), rset, uidl(1, 2, 3)],
    needs: ['uidl'],
  },
  {
    id: 'headers',
    what: 'Headers, messages and the list of capabilities',
    asks: [top, retr(1), capa, top, noop],
    needs: ['top'],
  },
]

function batchCase({ id, what, asks, needs = [] }: (typeof batches)[number]): Pop3Case {
  return {
    id: `pipelining-${id}`,
    title: `${what} come in the order of their commands when these are sent in one packet`,
    rfc: section,
    severity: 'must',
    cost,
    needs: ['pipelining', 'delivery', ...needs],
    mail,
    steps: [logIn, batch(...asks), quit],
  }
}

/** One command at a time, which every server must understand however it is cut. */
const singles: readonly { readonly id: string; readonly ask: Ask }[] = [
  { id: 'stat', ask: stat(/^3 /) },
  { id: 'list', ask: list(1, 2, 3) },
  { id: 'retr', ask: retr(3) },
]

export const pipelining: Pop3Section = {
  name: 'pipelining',
  title: 'Pipelining, and packets that end anywhere',
  about:
    'TCP has no packets that a server may count on: a command may come in pieces, and several may come at once. With PIPELINING announced, RFC 2449 section 6.6, clients do not wait for answers.',
  cases: [
    ...singles.map(
      ({ id, ask }): Pop3Case => ({
        id: `split-${id}`,
        title: `${ask.line} is understood wherever it is cut in two`,
        rfc: 'RFC 1939 section 3',
        severity: 'must',
        cost: 'Sessions fail now and then, by the weather of the network.',
        needs: ['delivery'],
        mail,
        steps: [logIn, batchAtEverySplit(ask), quit],
      }),
    ),
    {
      id: 'split-login',
      title: 'A login is understood octet by octet',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'Logins fail now and then, by the weather of the network.',
      steps: [freed, connect, batchByOctets(user), batchByOctets(pass), quit],
    },
    {
      id: 'split-line-end',
      title: 'A command ends with its LF, and is answered once, when CR and LF come in two packets',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'Clients fall out of step.',
      steps: [logIn, pieces(['NOOP\r', '\n']), ok(), say('NOOP'), ok(), quit],
    },
    {
      id: 'split-waits',
      title: 'A command is not answered before its line has ended',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'The beginning of one command is obeyed as another.',
      steps: [logIn, pieces(['NO', 'OP']), silence(100), pieces(['\r\n']), ok(), quit],
    },
    ...batches.map(batchCase),
    {
      id: 'pipelining-every-split',
      title: 'A batch is answered in order wherever it is cut in two',
      rfc: section,
      severity: 'must',
      cost,
      needs: ['pipelining', 'delivery'],
      mail,
      steps: [logIn, batchAtEverySplit(stat(/^3 /), retr(2), dele(1), list(2, 3), rset, noop), quit],
    },
    {
      id: 'pipelining-octet-by-octet',
      title: 'A batch is answered in order when each octet comes alone',
      rfc: section,
      severity: 'must',
      cost,
      needs: ['pipelining', 'delivery'],
      mail,
      steps: [logIn, batchByOctets(stat(/^3 /), retr(3), noop, dele(1), list(2, 3), rset), quit],
    },
    {
      id: 'pipelining-login',
      title: 'Commands behind PASS in the same packet wait for the login',
      rfc: section,
      severity: 'must',
      cost: 'Clients that do not wait see an empty maildrop, or errors.',
      needs: ['pipelining', 'delivery'],
      mail,
      steps: [freed, connect, batch(user, pass, stat(/^3 /), retr(1), list(1, 2, 3)), quit],
    },
    {
      id: 'pipelining-failed-login',
      title: 'Commands behind a refused PASS in the same packet are refused',
      rfc: section,
      severity: 'must',
      cost: 'Mail is shown, or deleted, to whom did not log in; or clients fall out of step.',
      needs: ['pipelining'],
      limitMs: 30_000,
      steps: [
        connect,
        say('USER {user}', 'PASS not the password', 'STAT', 'LIST'),
        ok(),
        refusedOrClosed,
        refusedOrClosed,
        refusedOrClosed,
        inStep,
      ],
    },
    {
      id: 'pipelining-quit-commits',
      title: 'DELE and QUIT in one packet delete',
      rfc: section,
      severity: 'must',
      cost: 'Mail comes again each time.',
      needs: ['pipelining', 'delivery'],
      mail,
      changesMail: true,
      steps: [logIn, batch(dele(1), dele(3), bye), closed, logIn, say('STAT'), ok(/^1 /), quit],
    },
    {
      id: 'pipelining-whole-session',
      title: 'A whole session in one packet is answered, and the connection closed',
      rfc: section,
      severity: 'must',
      cost: 'Clients that do not wait hang.',
      needs: ['pipelining', 'delivery'],
      mail,
      steps: [
        freed,
        connect,
        batch(user, pass, stat(/^3 /), list(1, 2, 3), retr(1), retr(2), retr(3), bye),
        closed,
      ],
    },
    {
      id: 'pipelining-half-close',
      title: 'A batch is answered to its end when the client closes its side behind it',
      rfc: section,
      severity: 'should',
      cost: 'Programs that write all and then read get half of their mail.',
      needs: ['pipelining', 'delivery'],
      mail,
      steps: [freed, connect, batchAndHalfClose(user, pass, stat(/^3 /), retr(1), retr(2), bye), closed],
    },
    {
      id: 'pipelining-half-close-keeps',
      title: 'A batch without QUIT deletes nothing when the client closes its side behind it',
      rfc: 'RFC 1939 section 6',
      severity: 'must',
      cost: 'Mail is lost of which the client may have seen nothing.',
      needs: ['delivery'],
      mail,
      steps: [logIn, say('DELE 1', 'DELE 2'), halfClose, closedInTheEnd, logIn, say('STAT'), ok(/^3 /), quit],
    },
    {
      id: 'pipelining-500',
      title: '500 commands at once are answered, each',
      rfc: section,
      severity: 'must',
      cost: 'Clients with much mail hang, and get none of it.',
      needs: ['pipelining'],
      mail: 'any',
      limitMs: 30_000,
      steps: [logIn, many(500, stat()), say('NOOP'), ok(), quit],
    },
    {
      id: 'pipelining-500-messages',
      title: '500 messages asked for at once come, each',
      rfc: section,
      severity: 'must',
      cost: 'Clients with much mail hang, and get none of it.',
      needs: ['pipelining', 'delivery'],
      mail,
      limitMs: 30_000,
      steps: [logIn, many(500, retr(3)), say('NOOP'), ok(), quit],
    },
    {
      id: 'pipelining-megabytes',
      title: 'Messages of a megabyte asked for at once come, each whole',
      rfc: section,
      severity: 'must',
      cost: 'Clients with large mail hang, and get none of it.',
      needs: ['pipelining', 'delivery'],
      mail: ['megabyte'],
      limitMs: 30_000,
      steps: [logIn, batch(retr(1), stat(/^1 /), retr(1), retr(1), noop), quit],
    },
  ],
}
