// RFC 2449 section 8 and RFC 3206: response codes, the part of a refusal that programs read.
import { Failure, Unable } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import type { Pop3Section } from '../pop3-case.ts'
import { readReply } from '../replies.ts'
import { givenWrong } from '../sasl-steps.ts'
import {
  type Complaint,
  connect,
  err,
  logIn,
  octetsOf,
  ok,
  on,
  type Pop3Step,
  quit,
  reply,
  say,
  step,
} from '../steps.ts'

const limitMs = 30_000
const nobody = 'nobody-is-called-so'
const wrong = 'not the password'

/** RFC 2449 section 3: words with `/` between, without brackets. */
const codeForm = /^\[[\x21-\x2e\x30-\x5c\x5e-\x7e]+(?:\/[\x21-\x2e\x30-\x5c\x5e-\x7e]+)*\]/
const registered = /^(?:LOGIN-DELAY|IN-USE|SYS\/TEMP|SYS\/PERM|AUTH|UTF8)$/

function formOf(text: string): Complaint {
  if (!text.startsWith('[') || codeForm.test(text)) return undefined
  return `${shown(octetsOf(text))} begins like a response code, and is none`
}

/** Whatever the answer is: where it begins with a bracket it must be a code. */
const wellFormed = reply(
  'a status line whose text begins with `[` only if a response code does',
  ({ text }) => formOf(text),
)

/** A refusal that has nothing to do with who one is, with the lock, or with the state of the server. */
const uncoded = reply('`-ERR` with none of the codes that mean something else', ({ status, code }) => {
  if (status !== 'err') return 'it did not refuse'
  return code !== undefined && /^(?:AUTH|IN-USE|LOGIN-DELAY|SYS)/.test(code)
    ? `the code ${code} means something else`
    : undefined
})

/** A second session; where servers let it in, nothing can be said of how they refuse it. */
const lockedOut: Pop3Step = step('log in a second time, expect to be refused', async play => {
  const { wire, credentials } = play
  await wire.send(octetsOf(`USER ${credentials.user}\r\nPASS ${credentials.password}\r\n`))
  await readReply(wire)
  const answer = await readReply(wire)
  if (answer.status === 'ok') throw new Unable('the server lets two sessions in at once')
  if (answer.code === 'AUTH') throw new Failure('a locked maildrop is told as a failed login, [AUTH]')
})

export const codesSection: Pop3Section = {
  name: 'rfc2449-codes',
  title: 'Response codes',
  about:
    'The words in brackets that say why something was refused, RFC 2449 section 8 and RFC 3206: their form, and that each means what it says. By them a client knows whether to ask for another password or to come again later.',
  cases: [
    {
      id: 'codes-form-greeting',
      title: 'Positive answers begin with a bracket only if that is a response code',
      rfc: 'RFC 2449 section 6.4',
      severity: 'must',
      cost: 'Clients take part of the text for a code.',
      needs: ['resp-codes'],
      mail: 'any',
      steps: [logIn, say('NOOP'), wellFormed, say('STAT'), wellFormed, say('QUIT'), wellFormed],
    },
    {
      id: 'codes-form-before-login',
      title: 'Refusals before login begin with a bracket only if that is a response code',
      rfc: 'RFC 2449 section 6.4',
      severity: 'must',
      cost: 'Clients take part of the text for a code.',
      needs: ['resp-codes'],
      steps: [connect, say('XNONE'), wellFormed, say('STAT'), wellFormed, quit],
    },
    {
      id: 'codes-form-behind-login',
      title: 'Refusals behind login begin with a bracket only if that is a response code',
      rfc: 'RFC 2449 section 6.4',
      severity: 'must',
      cost: 'Clients take part of the text for a code.',
      needs: ['resp-codes'],
      steps: [
        logIn,
        say('XNONE'),
        wellFormed,
        say('RETR 999999'),
        wellFormed,
        say('DELE 0'),
        wellFormed,
        quit,
      ],
    },
    {
      id: 'codes-form-failed-login',
      title: 'A failed login is answered with a bracket only if that is a response code',
      rfc: 'RFC 2449 section 6.4',
      severity: 'must',
      cost: 'Clients take part of the text for a code.',
      needs: ['resp-codes'],
      limitMs,
      steps: [connect, say('USER {user}'), wellFormed, say(`PASS ${wrong}`), wellFormed],
    },
    {
      id: 'codes-sys-form',
      title: 'SYS is followed by TEMP or PERM, and codes are registered ones',
      rfc: 'RFC 3206 section 4',
      severity: 'quirk',
      cost: 'Clients cannot tell whether it is worth coming again.',
      needs: ['resp-codes'],
      limitMs,
      steps: [
        connect,
        say('USER {user}'),
        ok(),
        say(`PASS ${wrong}`),
        reply('a registered code, or none', ({ code }) =>
          code === undefined || registered.test(code) ? undefined : `the code ${code} is not known`,
        ),
      ],
    },
    {
      id: 'codes-auth-wrong-password',
      title: 'A wrong password is refused with [AUTH] where AUTH-RESP-CODE is announced',
      rfc: 'RFC 3206 section 6',
      severity: 'must',
      cost: 'Clients ask for another password when the server is only busy, or the other way about.',
      needs: ['auth-resp-code'],
      limitMs,
      steps: [connect, say('USER {user}'), ok(), say(`PASS ${wrong}`), err(/^\[AUTH\]/i)],
    },
    {
      id: 'codes-auth-unknown-user',
      title: 'A name that is not there is refused with [AUTH] where AUTH-RESP-CODE is announced',
      rfc: 'RFC 3206 section 6',
      severity: 'must',
      cost: 'Clients do not ask for another name.',
      needs: ['auth-resp-code'],
      limitMs,
      steps: [
        connect,
        say(`USER ${nobody}`),
        reply('`+OK`, or `-ERR` with [AUTH]', ({ status, code }, { memory }) => {
          memory.set('isRefused', status === 'err')
          return status === 'err' && code !== 'AUTH' ? 'it refused the name without [AUTH]' : undefined
        }),
        step(`where the name was taken: send \`PASS ${wrong}\`, expect \`-ERR\` with [AUTH]`, async play => {
          if (play.memory.get('isRefused')) return
          await play.wire.send(octetsOf(`PASS ${wrong}\r\n`))
          const { status, code, text } = await readReply(play.wire)
          if (status !== 'err' || code !== 'AUTH') throw new Failure(`it answered ${shown(octetsOf(text))}`)
        }),
      ],
    },
    {
      id: 'codes-auth-sasl',
      title: 'A wrong password by AUTH is refused with [AUTH] where AUTH-RESP-CODE is announced',
      rfc: 'RFC 3206 section 6',
      severity: 'must',
      cost: 'Clients ask for another password when the server is only busy, or the other way about.',
      needs: ['auth-resp-code', 'plain'],
      limitMs,
      steps: [givenWrong, connect, say('AUTH PLAIN {wrong}'), err(/^\[AUTH\]/i)],
    },
    {
      id: 'codes-announced',
      title: 'A server that sends response codes announces RESP-CODES, and AUTH-RESP-CODE with [AUTH]',
      rfc: 'RFC 2449 section 6.4',
      severity: 'should',
      cost: 'Clients take no notice of the codes.',
      needs: ['capa'],
      limitMs,
      steps: [
        connect,
        say('USER {user}'),
        ok(),
        say(`PASS ${wrong}`),
        reply('no code that was not announced', ({ code }, { survey }) => {
          if (code === undefined) return undefined
          if (!survey.loggedIn?.has('RESP-CODES'))
            return `it sends [${code}] and does not announce RESP-CODES`
          const isSilent = code === 'AUTH' && !survey.loggedIn.has('AUTH-RESP-CODE')
          return isSilent ? 'it sends [AUTH] and does not announce AUTH-RESP-CODE' : undefined
        }),
      ],
    },
    {
      id: 'codes-not-for-messages',
      title: 'A message that is not there is not told as a failed login, a lock or a fault',
      rfc: 'RFC 3206 section 5',
      severity: 'should',
      cost: 'Clients ask for another password because a message is gone.',
      needs: ['resp-codes'],
      steps: [logIn, say('RETR 999999'), uncoded, say('DELE 999999'), uncoded, quit],
    },
    {
      id: 'codes-not-for-syntax',
      title: 'A command that is none is not told as a failed login, a lock or a fault',
      rfc: 'RFC 3206 section 5',
      severity: 'should',
      cost: 'Clients that try an extension ask for another password.',
      needs: ['resp-codes'],
      steps: [connect, say('XNONE'), uncoded, say('STAT'), uncoded, quit],
    },
    {
      id: 'codes-lock-is-no-failed-login',
      title: 'A locked maildrop is not told as a failed login',
      rfc: 'RFC 3206 section 5',
      severity: 'should',
      cost: 'Clients throw the password away and ask for another, because a second program looks for mail.',
      needs: ['resp-codes'],
      limitMs,
      steps: [logIn, on('second', connect, lockedOut), quit],
    },
  ],
}
