// RFC 1939 section 7: APOP, the digest of a timestamp that is used once and of a password that never travels.
import { Unable } from '../../../conformance/case.ts'
import { inStep } from '../endurance.ts'
import { authenticateAtOnce, givenDigest, ifStillOpen, refused, rememberTimestamp } from '../login-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { readReply } from '../replies.ts'
import { connect, drop, group, ok, on, quit, say, step } from '../steps.ts'

const limitMs = 60_000
const rfc = 'RFC 1939 section 7'
const anybody = 'Anybody reads the mail of others.'

const connected = group(
  'connect, read the greeting, remember its timestamp',
  connect,
  rememberTimestamp('timestamp'),
)

const upperCase = step('let `{digest}` be the same in upper case', async ({ memory }) => {
  memory.set('digest', String(memory.get('digest')).toUpperCase())
})

/** A server may greet with a timestamp and have no password of the account that APOP can use. */
const ifAccepted = step('go on only where that lets in', async ({ wire }) => {
  const { status, text } = await readReply(wire)
  if (status !== 'ok') throw new Unable(`APOP with the right digest was refused: ${text}`)
})

/** What is sent in place of a digest. */
const noDigests = [
  { id: 'none', what: 'no digest', sent: 'APOP {user}' },
  { id: 'nothing', what: 'nothing', sent: 'APOP' },
  { id: 'empty', what: 'an empty digest', sent: 'APOP {user} ' },
  { id: 'short', what: 'the first digit of a digest', sent: 'APOP {user} 0' },
  { id: 'zero', what: 'a digest of zeros', sent: `APOP {user} ${'0'.repeat(32)}` },
  { id: 'no-digits', what: 'what are no hexadecimal digits', sent: `APOP {user} ${'z'.repeat(32)}` },
  { id: 'password', what: 'the password', sent: 'APOP {user} {password}' },
  { id: 'long', what: 'a digest of 64 digits', sent: `APOP {user} ${'0'.repeat(64)}` },
] as const

const noDigestCases: readonly Pop3Case[] = noDigests.map(({ id, what, sent }) => ({
  id: `apop-${id}-refused`,
  title: `APOP with ${what} lets nobody in`,
  rfc,
  severity: 'must',
  cost: anybody,
  needs: ['apop'],
  limitMs,
  steps: [connect, say(sent), refused],
}))

const apop = { rfc, needs: ['apop'], limitMs } as const

export const apopSection: Pop3Section = {
  name: 'rfc1939-apop',
  title: 'Logging in: APOP',
  about:
    'Where the greeting has a timestamp a client may log in by its digest, RFC 1939 section 7: once, on that connection, and with nothing less.',
  cases: [
    {
      ...apop,
      id: 'apop-accepted',
      title: 'The right digest lets in',
      severity: 'should',
      cost: 'Clients see the timestamp, try APOP, and tell their user that the password is wrong.',
      steps: [
        connected,
        givenDigest('timestamp'),
        say('APOP {user} {digest}'),
        ok(),
        say('STAT'),
        ok(),
        quit,
      ],
    },
    {
      ...apop,
      id: 'apop-wrong-password',
      title: 'The digest of a wrong password lets nobody in',
      severity: 'must',
      cost: anybody,
      steps: [
        connected,
        givenDigest('timestamp', 'not-the-password'),
        say('APOP {user} {digest}'),
        refused,
        inStep,
      ],
    },
    {
      ...apop,
      id: 'apop-empty-password',
      title: 'The digest of an empty password lets nobody in',
      severity: 'must',
      cost: anybody,
      steps: [connected, givenDigest('timestamp', ''), say('APOP {user} {digest}'), refused],
    },
    {
      ...apop,
      id: 'apop-unknown-name',
      title: 'The right digest lets no other name in',
      severity: 'must',
      cost: anybody,
      steps: [connected, givenDigest('timestamp'), say('APOP nobody-is-called-so {digest}'), refused],
    },
    {
      ...apop,
      id: 'apop-other-connection',
      title: 'The digest for one connection lets nobody in on another that is open beside it',
      severity: 'must',
      cost: 'Who has overheard one login can log in.',
      steps: [
        connected,
        givenDigest('timestamp'),
        on('second', connect, say('APOP {user} {digest}'), refused),
      ],
    },
    {
      ...apop,
      id: 'apop-replayed',
      title: 'The digest of an ended session lets nobody in',
      severity: 'must',
      cost: 'Who has overheard one login can log in for ever.',
      steps: [
        connected,
        givenDigest('timestamp'),
        say('APOP {user} {digest}'),
        ifAccepted,
        quit,
        connect,
        say('APOP {user} {digest}'),
        refused,
      ],
    },
    {
      ...apop,
      id: 'apop-upper-case',
      title: 'A digest in upper case is refused: the RFC has it in lower case',
      severity: 'quirk',
      cost: 'Clients that work here fail elsewhere.',
      steps: [connected, givenDigest('timestamp'), upperCase, say('APOP {user} {digest}'), refused],
    },
    {
      ...apop,
      id: 'apop-then-user',
      title: 'Where a failed APOP does not end the connection USER and PASS let in',
      severity: 'should',
      cost: 'Clients that try APOP first cannot log in at all.',
      steps: [
        connected,
        givenDigest('timestamp', 'not-the-password'),
        say('APOP {user} {digest}'),
        refused,
        ifStillOpen,
        authenticateAtOnce,
        quit,
      ],
    },
    {
      ...apop,
      id: 'apop-then-pass',
      title: 'The name of a failed APOP is no name for PASS',
      severity: 'must',
      cost: 'One login is made of two halves that were refused.',
      steps: [
        connected,
        givenDigest('timestamp', 'not-the-password'),
        say('APOP {user} {digest}'),
        refused,
        ifStillOpen,
        say('PASS {password}'),
        refused,
        drop,
      ],
    },
    ...noDigestCases,
  ],
}
