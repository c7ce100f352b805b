// RFC 5802 and RFC 7677 (SCRAM), RFC 2195 (CRAM-MD5) and LOGIN: the mechanisms that CAPA may list besides PLAIN.

import { cramMd5Client } from '../../../auth/mechanisms/cram-md5-client.ts'
import { scramClient } from '../../../auth/mechanisms/scram-client.ts'
import { Failure, type Severity } from '../../../conformance/case.ts'
import { octetsOf } from '../../../conformance/steps.ts'
import { shown } from '../../../conformance/wire.ts'
import { readReplyOrEnd, refusedOrClosed, replyOrEnd, stillServes } from '../endurance.ts'
import type { Credentials, Pop3Play } from '../play.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { base64, converse, firstChallenge, given, letsIn, letsInBy, refusesBy } from '../sasl-steps.ts'
import { challenge, connect, ok, on, type Pop3Step, quit, say, step } from '../steps.ts'

const limitMs = 30_000

const scram = 'SCRAM-SHA-256'
const nonce = 'rOprNGfwEbeRWgbNEkqO'

function scramOf({ user: name, password }: Credentials, options = {}) {
  return scramClient({ name, password }, { hash: 'SHA-256', ...options })
}

/** What the server says to the client's first message, and what the case makes of it. */
function serverFirst(name: string, message: (play: Pop3Play) => string): Pop3Step {
  return step(
    `send \`AUTH ${scram}\` with a first message, expect the server's (remembered as ${name})`,
    async play => {
      const text = await firstChallenge(play, `AUTH ${scram} ${base64(message(play))}`)
      play.memory.set(name, text.toString('utf8'))
    },
  )
}

const ownFirst = ({ credentials }: Pop3Play) => `n,,n=${credentials.user},r=${nonce}`

/** RFC 5802 section 7: nonce, salt, iterations. */
const serverFirstForm = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]*)(?:,|$)/

function partOf(text: unknown, part: 1 | 2 | 3): string {
  const found = serverFirstForm.exec(String(text))?.[part]
  if (found === undefined)
    throw new Failure(`${shown(octetsOf(String(text)))} is no first message of a server`)
  return found
}

function check(explain: string, find: (play: Pop3Play) => string | undefined): Pop3Step {
  return step(`check that ${explain}`, async play => {
    const complaint = find(play)
    if (complaint !== undefined) throw new Failure(complaint)
  })
}

/** First messages of a client that are none. */
interface Malformed {
  readonly id: string
  readonly what: string
  readonly message: string
  readonly severity?: Severity
}

const malformed: readonly Malformed[] = [
  { id: 'empty', what: 'an empty first message', message: '' },
  { id: 'no-header', what: 'a first message without its header', message: `n={user},r=${nonce}` },
  { id: 'no-nonce', what: 'a first message without a nonce', message: 'n,,n={user}' },
  {
    id: 'empty-nonce',
    what: 'a first message with an empty nonce',
    message: 'n,,n={user},r=',
    severity: 'should',
  },
  { id: 'extension', what: 'an extension that must be understood', message: `n,,m=x,n={user},r=${nonce}` },
  { id: 'bad-escape', what: 'a name with a `=` that escapes nothing', message: `n,,n={user}=4E,r=${nonce}` },
  { id: 'odd-flag', what: 'a flag of channel binding that is none', message: `x,,n={user},r=${nonce}` },
]

function malformedCase({ id, what, message, severity = 'must' }: Malformed): Pop3Case {
  return {
    id: `scram-malformed-${id}`,
    title: `SCRAM refuses ${what}`,
    rfc: 'RFC 5802 section 7',
    severity,
    cost: 'The server goes on with what it has not understood.',
    needs: ['scram-sha-256'],
    limitMs,
    steps: [
      connect,
      say(`AUTH ${scram}`),
      challenge,
      step(`send base64 of \`${message}\``, async play => {
        await play.wire.send(octetsOf(`${base64(play.fill(message))}\r\n`))
      }),
      // A server may only say so when the client has spoken again.
      step('expect `-ERR`, or another challenge and then `-ERR`', async ({ wire }) => {
        const reply = await readReplyOrEnd(wire)
        if (reply?.status !== 'continue') {
          if (reply?.status === 'ok') throw new Failure('it let in')
          return
        }
        if (!Buffer.from(reply.text, 'base64').toString('utf8').startsWith('e='))
          throw new Failure(`it went on with ${what}`)
        await wire.send(octetsOf('*\r\n'))
        if ((await readReplyOrEnd(wire))?.status === 'ok') throw new Failure('it let in')
      }),
      stillServes,
    ],
  }
}

export const scramSection: Pop3Section = {
  name: 'rfc5802-scram',
  title: 'SCRAM, CRAM-MD5 and LOGIN',
  about:
    'The mechanisms besides PLAIN, each with a real exchange: it lets the right password in and no other, every challenge is fresh, and with SCRAM the server proves itself.',
  cases: [
    {
      id: 'scram-right',
      title: 'SCRAM-SHA-256 lets in, and the server proves that it knows the password',
      rfc: 'RFC 5802 section 3',
      severity: 'must',
      cost: 'Clients that choose the best mechanism cannot log in, or cannot tell the server from somebody who plays it.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [connect, letsInBy(scram, scramOf), say('STAT'), ok(), quit],
    },
    {
      id: 'scram-wrong',
      title: 'SCRAM-SHA-256 lets nobody in by a wrong password',
      rfc: 'RFC 5802 section 3',
      severity: 'must',
      cost: 'Anybody reads the mail.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [
        connect,
        refusesBy(`${scram} with a wrong password`, ({ user, password }) =>
          scramOf({ user, password: `not ${password.length} words` }),
        ),
        stillServes,
      ],
    },
    {
      id: 'scram-fresh-nonce',
      title: 'The nonce of SCRAM is another one each time, and begins with that of the client',
      rfc: 'RFC 5802 section 5.1',
      severity: 'must',
      cost: 'Who has listened to one login can repeat it.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [
        connect,
        serverFirst('one', ownFirst),
        on('second', connect, serverFirst('two', ownFirst)),
        check('both begin with ours, go on, and differ', ({ memory }) => {
          const [one, two] = [partOf(memory.get('one'), 1), partOf(memory.get('two'), 1)]
          if (one === two) return 'both nonces are the same'
          const isOurs = [one, two].every(text => text.startsWith(nonce) && text.length > nonce.length)
          return isOurs ? undefined : 'the nonce does not go on from that of the client'
        }),
      ],
    },
    {
      id: 'scram-replay',
      title: 'A login by SCRAM that was overheard lets nobody in when it is repeated',
      rfc: 'RFC 5802 section 9',
      severity: 'must',
      cost: 'Who has listened to one login reads the mail.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [
        connect,
        step(`log in by ${scram}, remember what was sent`, async play => {
          const { reply, responses } = await converse(play.wire, scramOf(play.credentials, { nonce }))
          if (reply.status !== 'ok') throw new Failure('it refused the login')
          play.memory.set('responses', responses)
        }),
        quit,
        on(
          'second',
          connect,
          step('send the same lines, expect anything but `+OK`', async ({ wire, memory }) => {
            for (const line of memory.get('responses') as readonly string[]) {
              await wire.send(octetsOf(`${line}\r\n`))
              const reply = await readReplyOrEnd(wire)
              if (reply?.status === 'ok') throw new Failure('the repeated login was let in')
              if (reply?.status !== 'continue') return
            }
          }),
        ),
      ],
    },
    {
      id: 'scram-iterations',
      title: 'SCRAM-SHA-256 asks for 4096 iterations at least',
      rfc: 'RFC 7677 section 4',
      severity: 'should',
      cost: 'Who has stolen the keys, or plays the server, finds the password sooner.',
      needs: ['scram-sha-256'],
      steps: [
        connect,
        serverFirst('first', ownFirst),
        check('there are as many', ({ memory }) => {
          const iterations = Number(partOf(memory.get('first'), 3))
          return iterations >= 4096 ? undefined : `it asks for ${iterations}`
        }),
      ],
    },
    {
      id: 'scram-unknown-user',
      title: 'SCRAM asks who is not there as it asks who is, the same each time',
      rfc: 'RFC 5802 section 9',
      severity: 'should',
      cost: 'Anybody can find out which accounts there are.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [
        connect,
        serverFirst('known', ownFirst),
        on(
          'second',
          connect,
          serverFirst('one', () => `n,,n=nobody-is-called-so,r=${nonce}`),
        ),
        on(
          'third',
          connect,
          serverFirst('two', () => `n,,n=nobody-is-called-so,r=${nonce}`),
        ),
        check('salt and iterations give nobody away', ({ memory }) => {
          const [known, one, two] = ['known', 'one', 'two'].map(name => memory.get(name))
          if (partOf(one, 2) !== partOf(two, 2)) return 'the salt of who is not there changes'
          if (partOf(known, 3) !== partOf(one, 3)) return 'who is not there has another number of iterations'
          const isAlike = partOf(known, 2).length === partOf(one, 2).length
          return isAlike ? undefined : 'the salt of who is not there has another length'
        }),
      ],
    },
    {
      id: 'scram-downgrade',
      title: 'SCRAM refuses a client that was told that there is no channel binding, where there is',
      rfc: 'RFC 5802 section 6',
      severity: 'must',
      cost: 'Who is on the way can take channel binding out of the login, and nobody notices.',
      needs: ['scram-sha-256', 'scram-sha-256-plus'],
      limitMs,
      steps: [
        connect,
        refusesBy(`${scram} with the flag \`y\``, all => scramOf(all, { isBindingMissed: true })),
        stillServes,
      ],
    },
    {
      id: 'scram-binding-unasked',
      title: 'SCRAM without -PLUS refuses a message that binds to the channel',
      rfc: 'RFC 5802 section 6',
      severity: 'should',
      cost: 'Client and server disagree on what was bound.',
      needs: ['scram-sha-256'],
      limitMs,
      steps: [
        connect,
        given('message', 'a first message with `p=`', ({ user }) =>
          base64(`p=tls-server-end-point,,n=${user},r=${nonce}`),
        ),
        say(`AUTH ${scram} {message}`),
        refusedOrClosed,
        stillServes,
      ],
    },
    ...malformed.map(malformedCase),
    {
      id: 'cram-md5-right',
      title: 'CRAM-MD5 lets in',
      rfc: 'RFC 2195 section 2',
      severity: 'must',
      cost: 'Clients that choose it by the list cannot log in.',
      needs: ['cram-md5'],
      limitMs,
      steps: [
        connect,
        letsInBy('CRAM-MD5', ({ user: name, password }) => cramMd5Client({ name, password })),
        say('STAT'),
        ok(),
        quit,
      ],
    },
    {
      id: 'cram-md5-wrong',
      title: 'CRAM-MD5 lets nobody in by a wrong password',
      rfc: 'RFC 2195 section 2',
      severity: 'must',
      cost: 'Anybody reads the mail.',
      needs: ['cram-md5'],
      limitMs,
      steps: [
        connect,
        refusesBy('CRAM-MD5 with a wrong password', ({ user: name, password }) =>
          cramMd5Client({ name, password: `not ${password.length} words` }),
        ),
        stillServes,
      ],
    },
    {
      id: 'cram-md5-fresh-challenge',
      title: 'The challenge of CRAM-MD5 is another one each time',
      rfc: 'RFC 2195 section 2',
      severity: 'must',
      cost: 'Who has listened to one login can repeat it.',
      needs: ['cram-md5'],
      steps: [
        connect,
        challengeAs('one'),
        on('second', connect, challengeAs('two')),
        check('they differ', ({ memory }) =>
          memory.get('one') === memory.get('two') ? 'both challenges are the same' : undefined,
        ),
      ],
    },
    {
      id: 'login-right',
      title: 'LOGIN lets in by name and password, one after the other',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients that choose it by the list cannot log in.',
      needs: ['sasl-login'],
      limitMs,
      steps: [
        given('name', 'the name in base64', ({ user }) => base64(user)),
        given('secret', 'the password in base64', ({ password }) => base64(password)),
        connect,
        letsIn(say('AUTH LOGIN'), challenge, say('{name}'), challenge, say('{secret}')),
        say('STAT'),
        ok(),
        quit,
      ],
    },
    {
      id: 'login-wrong',
      title: 'LOGIN lets nobody in by a wrong password, nor says whether the name is right',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Anybody reads the mail, or learns which accounts there are.',
      needs: ['sasl-login'],
      limitMs,
      steps: [
        given('name', 'a name that is not there', () => base64('nobody-is-called-so')),
        given('secret', 'a wrong password', ({ password }) => base64(`not ${password.length} words`)),
        connect,
        say('AUTH LOGIN'),
        challenge,
        say('{name}'),
        challenge,
        say('{secret}'),
        replyOrEnd('`-ERR`', ({ status }) => (status === 'err' ? undefined : 'it let in')),
        stillServes,
      ],
    },
    {
      id: 'login-cancel',
      title: 'LOGIN can be cancelled where the password is asked for',
      rfc: 'RFC 5034 section 4',
      severity: 'must',
      cost: 'Clients that give up one mechanism cannot try another.',
      needs: ['sasl-login'],
      limitMs,
      steps: [
        given('name', 'the name in base64', ({ user }) => base64(user)),
        connect,
        say('AUTH LOGIN'),
        challenge,
        say('{name}'),
        challenge,
        say('*'),
        refusedOrClosed,
        stillServes,
      ],
    },
  ],
}

function challengeAs(name: string): Pop3Step {
  return step(`send \`AUTH CRAM-MD5\`, expect a challenge (remembered as ${name})`, async play => {
    play.memory.set(name, (await firstChallenge(play, 'AUTH CRAM-MD5')).toString('latin1'))
  })
}
