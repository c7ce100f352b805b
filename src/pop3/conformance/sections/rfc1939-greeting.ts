// RFC 1939 section 4: the one line that a server says unasked.
import { inTurn } from '../../../conformance/steps.ts'
import { stillServes } from '../endurance.ts'
import { greetingOf, rememberTimestamp, timestampIn } from '../login-steps.ts'
import type { Pop3Section } from '../pop3-case.ts'
import {
  connect,
  drop,
  holds,
  ok,
  on,
  openOnly,
  type Pop3Step,
  quit,
  reply,
  say,
  silence,
  step,
} from '../steps.ts'

/** For cases about what comes before any handshake: on a port in clear nothing is sent that matters. */
const greeted = reply('`+OK`, unasked', ({ status }) => (status === 'ok' ? undefined : 'it is no `+OK`'))

const twenty = Array.from({ length: 20 }, (_, n) => n)

const ownTimestamps: Pop3Step = step(
  'connect 20 times, expect another timestamp in each greeting',
  async play => {
    const seen = new Set<string | undefined>()
    for (const n of twenty) {
      await play.on(`number ${n + 1}`, () => inTurn([connect, rememberTimestamp('timestamp')], play))
      seen.add(timestampIn(play))
      await play.on(`number ${n + 1}`, () => inTurn([quit], play))
    }
    await inTurn([holds('no two are the same', () => complaintAbout(seen.size))], play)
  },
)

function complaintAbout(different: number): string | undefined {
  return different === twenty.length
    ? undefined
    : `${twenty.length} greetings had ${different} different timestamps`
}

/** RFC 5322 section 3.6.4, as far as the field goes: two words of atoms with dots between. */
const messageId = /^<[\w!#$%&'*+/=?^`{|}~.-]+@(?:[\w!#$%&'*+/=?^`{|}~.-]+|\[[\x21-\x5a\x5e-\x7e]+\])>$/

export const greeting: Pop3Section = {
  name: 'rfc1939-greeting',
  title: 'The greeting',
  about:
    'What a server says as soon as a client has connected, RFC 1939 section 4: one line, and nothing more until it is asked.',
  cases: [
    {
      id: 'greeting-unasked',
      title: 'The server greets with one line that begins with `+OK`, unasked',
      rfc: 'RFC 1939 section 4',
      severity: 'must',
      cost: 'Clients wait for ever, or say that there is no server.',
      steps: [openOnly, greeted, say('QUIT'), ok()],
    },
    {
      id: 'greeting-alone',
      title: 'Nothing follows the greeting until a command is sent',
      rfc: 'RFC 1939 section 4',
      severity: 'must',
      cost: 'Clients take each answer for that of the command before.',
      steps: [openOnly, greeted, silence(200), say('QUIT'), ok()],
    },
    {
      id: 'greeting-printable',
      title: 'The greeting is printable US-ASCII',
      rfc: 'RFC 1939 section 3',
      severity: 'should',
      cost: 'Clients that show it show rubbish, and terminals obey it.',
      steps: [
        openOnly,
        reply('`+OK` and printable US-ASCII', ({ text }) =>
          /^[\x20-\x7e]*$/.test(text) ? undefined : 'it has other octets in it',
        ),
        say('QUIT'),
        ok(),
      ],
    },
    {
      id: 'greeting-to-the-hasty',
      title: 'A client that speaks before it is greeted gets the greeting, then its answer',
      rfc: 'RFC 1939 section 4',
      severity: 'quirk',
      cost: 'Programs that send their commands at once get no answer, or the wrong one.',
      steps: [openOnly, say('QUIT'), greeted, ok()],
    },
    {
      id: 'greeting-unread',
      title: 'A client that leaves before it has read the greeting disturbs nobody',
      rfc: 'RFC 1939 section 4',
      severity: 'must',
      cost: 'Every port scan, and every look whether the server is up, ends the service for others.',
      steps: [...Array.from({ length: 10 }, () => [openOnly, drop]).flat(), stillServes],
    },
    {
      id: 'greeting-to-each',
      title: 'Clients that are connected and silent keep no other from being greeted',
      rfc: 'RFC 1939 section 4',
      severity: 'should',
      cost: 'One slow client stops the mail of all.',
      steps: [openOnly, on('second', openOnly), on('third', openOnly), stillServes],
    },
    {
      id: 'greeting-timestamp-fresh',
      title: 'The timestamp of the greeting is another one for every connection',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Who has overheard one login by APOP can log in for ever.',
      needs: ['apop'],
      limitMs: 20_000,
      steps: [ownTimestamps],
    },
    {
      id: 'greeting-timestamp-form',
      title: 'The timestamp of the greeting has the form of a message id',
      rfc: 'RFC 1939 section 7',
      severity: 'should',
      cost: 'Clients find no timestamp, or another than the server means, and their digests are wrong.',
      needs: ['apop'],
      steps: [
        connect,
        rememberTimestamp('timestamp'),
        holds('it is `<`, two words with `@` between, `>`', play =>
          messageId.test(timestampIn(play) ?? '') ? undefined : `it is ${timestampIn(play) ?? 'none'}`,
        ),
        quit,
      ],
    },
    {
      id: 'greeting-timestamp-alone',
      title: 'Nothing else in the greeting stands in angle brackets',
      rfc: 'RFC 1939 section 7',
      severity: 'should',
      cost: 'Clients take something else for the timestamp, and their digests are wrong.',
      needs: ['apop'],
      steps: [
        connect,
        holds('the greeting has one `<` and one `>`', play =>
          /^[^<>]*<[^<>]*>[^<>]*$/.test(greetingOf(play)) ? undefined : 'it has others',
        ),
        quit,
      ],
    },
  ],
}
