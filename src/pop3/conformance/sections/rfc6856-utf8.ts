// RFC 6856: UTF8, messages whose headers are in UTF-8, and LANG, the language of answers.
import { Failure, Unable } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import { first } from '../capability-steps.ts'
import { refusedOrClosed } from '../endurance.ts'
import type { Pop3Play } from '../play.ts'
import type { Pop3Section } from '../pop3-case.ts'
import { readBody, readReply } from '../replies.ts'
import {
  authenticate,
  body,
  type Complaint,
  connect,
  err,
  group,
  holds,
  inTurn,
  letterBody,
  lines,
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

const field = Buffer.from('Comments: Grüße aus 東京\r\n')
const inUtf8 = group('connect, send `UTF8`, expect `+OK`, log in', connect, say('UTF8'), ok(), authenticate)

/** RFC 5646 section 2.1, near enough. */
const languageTag = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/

/** LIST and RETR of the only message have as many octets. */
const sizesAgree: readonly Pop3Step[] = [
  say('LIST 1'),
  reply('its octets (remembered)', ({ status, text }, { memory }) => {
    memory.set('octets', text.split(' ')[1])
    return status === 'ok' ? undefined : 'LIST 1 was refused'
  }),
  say('RETR 1'),
  step('expect a message of so many octets, or `-ERR`', async ({ wire, memory }) => {
    if ((await readReply(wire)).status !== 'ok') return
    const { length } = await readBody(wire)
    if (String(length) !== memory.get('octets'))
      throw new Failure(`LIST says ${String(memory.get('octets'))} octets, RETR sends ${length}`)
  }),
]

function headerOf(message: Buffer): Buffer {
  const end = message.indexOf('\r\n\r\n')
  return end < 0 ? message : message.subarray(0, end + 2)
}

/** TOP and RETR of the only message have the same header. */
const headersAgree: readonly Pop3Step[] = [
  say('RETR 1'),
  step('remember the header, where it is not refused', async ({ wire, memory }) => {
    if ((await readReply(wire)).status !== 'ok') throw new Unable('the server refuses RETR of such a message')
    memory.set('header', headerOf(await readBody(wire)).toString('latin1'))
  }),
  say('TOP 1 0'),
  body('the same header', (octets, { memory }) =>
    headerOf(octets).toString('latin1') === memory.get('header')
      ? undefined
      : 'TOP has another header than RETR',
  ),
]

function rememberUidl(name: string): Pop3Step {
  return lines(`a listing (remembered as ${name})`, (found, { memory }) => {
    memory.set(name, found.join())
    return undefined
  })
}

/** The languages that LANG lists. */
async function languagesOf({ wire }: Pop3Play): Promise<readonly string[]> {
  await wire.send(octetsOf('LANG\r\n'))
  if ((await readReply(wire)).status !== 'ok') throw new Failure('LANG alone was refused')
  const text = (await readBody(wire)).toString('latin1')
  return text.split('\r\n').flatMap(line => (line === '' ? [] : [line.split(' ')[0] ?? '']))
}

/** Chooses each language in turn, and does the steps in it. */
function inEachLanguage(...steps: readonly Pop3Step[]): Pop3Step {
  const explain = 'for each language that `LANG` lists: send `LANG` and its tag, expect `+OK` and the tag'
  return step([explain, ...steps.map(({ explain: its }) => `in each: ${its}`)].join('\n'), async play => {
    for (const tag of await languagesOf(play)) {
      await play.wire.send(octetsOf(`LANG ${tag}\r\n`))
      const { status, text } = await readReply(play.wire)
      const isChosen = status === 'ok' && text.toLowerCase().startsWith(`${tag.toLowerCase()} `)
      if (!isChosen) throw new Failure(`LANG ${tag} was answered ${shown(octetsOf(text))}`)
      await inTurn(steps, play)
    }
  })
}

function textAs(name: string): Pop3Step {
  return reply(`a text (remembered as ${name})`, ({ text }, { memory }) => {
    memory.set(name, text)
    return undefined
  })
}

function sameTexts(one: string, two: string): Pop3Step {
  return holds(`${one} and ${two} are the same`, ({ memory }) =>
    memory.get(one) === memory.get(two) ? undefined : 'the language changed',
  )
}

function isUtf8(line: string): boolean {
  const octets = octetsOf(line)
  return Buffer.from(octets.toString('utf8')).equals(octets)
}

function listed(find: (line: string) => Complaint): Pop3Step {
  return lines('a list of languages', found =>
    found.length === 0 ? 'the list is empty' : first(found, find),
  )
}

export const utf8Section: Pop3Section = {
  name: 'rfc6856-utf8',
  title: 'UTF8 and LANG: other scripts and languages',
  about:
    'RFC 6856: a client says UTF8 before login when it can read headers in UTF-8, and is sent something that it can read when it cannot. LANG chooses the language of what stands behind +OK and -ERR.',
  cases: [
    {
      id: 'utf8-true',
      title: 'UTF8 is taken before login, and one can log in behind it',
      rfc: 'RFC 6856 section 2',
      severity: 'must',
      cost: 'Clients that believe CAPA cannot read international mail.',
      needs: ['utf8'],
      steps: [inUtf8, say('STAT'), ok(), quit],
    },
    {
      id: 'utf8-behind-login',
      title: 'UTF8 behind login is refused, and the session goes on',
      rfc: 'RFC 6856 section 2',
      severity: 'should',
      cost: 'Sizes that were told already are wrong.',
      needs: ['utf8'],
      steps: [logIn, say('UTF8'), err(), say('NOOP'), ok(), quit],
    },
    {
      id: 'utf8-argument',
      title: 'UTF8 with an argument is refused',
      rfc: 'RFC 6856 section 2',
      severity: 'should',
      cost: 'None that is known.',
      needs: ['utf8'],
      steps: [connect, say('UTF8 please'), err(), quit],
    },
    {
      id: 'utf8-again',
      title: 'UTF8 said twice is still on',
      rfc: 'RFC 6856 section 2',
      severity: 'should',
      cost: 'Clients that say it again see other octets than they asked for.',
      needs: ['utf8', 'delivery'],
      mail: ['international'],
      steps: [
        connect,
        say('UTF8'),
        ok(),
        say('UTF8'),
        reply('an answer', () => undefined),
        authenticate,
        say('RETR 1'),
        body('the header as it was sent', octets => (octets.includes(field) ? undefined : 'it is not')),
        quit,
      ],
    },
    {
      id: 'utf8-header-as-sent',
      title: 'With UTF8 a header in UTF-8 comes as it was sent',
      rfc: 'RFC 6856 section 2',
      severity: 'must',
      cost: 'Names and subjects in other scripts are lost.',
      needs: ['utf8', 'delivery'],
      mail: ['international'],
      steps: [
        inUtf8,
        say('RETR 1'),
        body('the header as it was sent', octets => (octets.includes(field) ? undefined : 'it is not')),
        quit,
      ],
    },
    {
      id: 'utf8-header-downgraded',
      title: 'Without UTF8 no header in UTF-8 is sent: it is written in US-ASCII, or the message refused',
      rfc: 'RFC 6856 section 6',
      severity: 'should',
      cost: 'Old clients show garbage, or fail on the message and on all behind it.',
      needs: ['utf8', 'delivery'],
      mail: ['international'],
      steps: [
        logIn,
        say('RETR 1'),
        step('expect a header of US-ASCII, or `-ERR`', async ({ wire }) => {
          if ((await readReply(wire)).status !== 'ok') return
          const header = headerOf(await readBody(wire))
          if (header.some(octet => octet > 0x7f)) throw new Failure('the header has octets beyond US-ASCII')
        }),
        say('NOOP'),
        ok(),
        quit,
      ],
    },
    {
      id: 'utf8-sizes-with',
      title: 'With UTF8 the sizes of LIST are those of what is sent',
      rfc: 'RFC 1939 section 11',
      severity: 'must',
      cost: 'Clients that count octets wait for more, or cut the message.',
      needs: ['utf8', 'delivery'],
      mail: ['international'],
      steps: [inUtf8, ...sizesAgree, quit],
    },
    {
      id: 'utf8-sizes-without',
      title: 'Without UTF8 the sizes of LIST are those of what is sent then',
      rfc: 'RFC 1939 section 11',
      severity: 'must',
      cost: 'Clients that count octets wait for more, or cut the message.',
      needs: ['delivery'],
      mail: ['international'],
      steps: [logIn, ...sizesAgree, quit],
    },
    {
      id: 'utf8-top-with',
      title: 'With UTF8 TOP has the header that RETR has',
      rfc: 'RFC 6856 section 2',
      severity: 'must',
      cost: 'Clients show one subject in the list and another on the message.',
      needs: ['utf8', 'delivery', 'top'],
      mail: ['international'],
      steps: [inUtf8, ...headersAgree, quit],
    },
    {
      id: 'utf8-top-without',
      title: 'Without UTF8 TOP has the header that RETR has',
      rfc: 'RFC 6856 section 2',
      severity: 'must',
      cost: 'Clients show one subject in the list and another on the message.',
      needs: ['delivery', 'top'],
      mail: ['international'],
      steps: [logIn, ...headersAgree, quit],
    },
    {
      id: 'utf8-uidl-same',
      title: 'A message has the same unique-id with UTF8 and without',
      rfc: 'RFC 1939 section 7',
      severity: 'must',
      cost: 'Clients that learn UTF8 fetch all mail again.',
      needs: ['utf8', 'uidl'],
      mail: 'any',
      steps: [
        logIn,
        say('UIDL'),
        rememberUidl('without'),
        quit,
        inUtf8,
        say('UIDL'),
        rememberUidl('with'),
        holds('they are the same', ({ memory }) =>
          memory.get('with') === memory.get('without') ? undefined : 'the unique-ids differ',
        ),
        quit,
      ],
    },
    {
      id: 'utf8-plain-untouched',
      title: 'A message in US-ASCII is the same with UTF8',
      rfc: 'RFC 6856 section 2',
      severity: 'must',
      cost: 'Mail is changed that nobody had to change.',
      needs: ['utf8', 'delivery'],
      mail: ['plain'],
      steps: [inUtf8, say('RETR 1'), letterBody(1), quit],
    },
    {
      id: 'utf8-ends-with-session',
      title: 'UTF8 of one session does not hold for the next',
      rfc: 'RFC 6856 section 2',
      severity: 'should',
      cost: 'Old clients are sent what they cannot read, because another one looked for mail before them.',
      needs: ['utf8', 'delivery'],
      mail: ['international'],
      steps: [
        logIn,
        say('LIST 1'),
        textAs('before'),
        quit,
        inUtf8,
        quit,
        logIn,
        say('LIST 1'),
        textAs('after'),
        holds('the size is what it was', ({ memory }) =>
          memory.get('before') === memory.get('after') ? undefined : 'the size changed',
        ),
        quit,
      ],
    },
    {
      id: 'lang-list-form',
      title: 'LANG lists languages by their tags, each with its name',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Clients cannot offer the choice.',
      needs: ['lang'],
      steps: [
        connect,
        say('LANG'),
        listed(line =>
          languageTag.test(line.split(' ')[0] ?? '')
            ? undefined
            : `${shown(octetsOf(line))} begins with no tag`,
        ),
        quit,
      ],
    },
    {
      id: 'lang-list-utf8',
      title: 'Names of languages are in UTF-8',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Clients show garbage.',
      needs: ['lang'],
      steps: [
        connect,
        say('LANG'),
        listed(line => (isUtf8(line) ? undefined : `${shown(octetsOf(line))} is no UTF-8`)),
        quit,
      ],
    },
    {
      id: 'lang-i-default',
      title: 'i-default is among the languages',
      rfc: 'RFC 2277 section 4.5',
      severity: 'should',
      cost: 'Clients cannot go back to what everybody understands.',
      needs: ['lang'],
      steps: [
        connect,
        say('LANG'),
        lines('a list with i-default', found =>
          found.some(line => /^i-default(?: |$)/i.test(line)) ? undefined : 'it is not listed',
        ),
        quit,
      ],
    },
    {
      id: 'lang-each',
      title: 'Each language that is listed can be chosen, and the answer begins with its tag',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Users choose a language and get an error.',
      needs: ['lang'],
      steps: [connect, inEachLanguage(), quit],
    },
    {
      id: 'lang-each-behind-login',
      title: 'Each language can be chosen behind login, and answers keep their form in it',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Clients cannot read numbers in one language that they read in another.',
      needs: ['lang'],
      mail: ['plain', 'second'],
      steps: [
        logIn,
        inEachLanguage(say('STAT'), ok(/^2 [0-9]+(?: |$)/), say('LIST 2'), ok(/^2 [0-9]+(?: |$)/)),
        quit,
      ],
    },
    {
      id: 'lang-each-refuses',
      title: 'In each language refusals keep their form',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Clients fail in one language where they do not in another.',
      needs: ['lang'],
      limitMs: 30_000,
      steps: [
        logIn,
        inEachLanguage(
          say('RETR 999999'),
          reply('`-ERR` and UTF-8', ({ status, text }) => {
            if (status !== 'err') return 'it did not refuse'
            return isUtf8(text) ? undefined : 'the text is no UTF-8'
          }),
        ),
        quit,
      ],
    },
    {
      id: 'lang-star',
      title: 'LANG * chooses the language that the server prefers',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Clients that leave the choice to the server get an error.',
      needs: ['lang'],
      steps: [connect, say('LANG *'), ok(/^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})* /), quit],
    },
    {
      id: 'lang-any-case',
      title: 'Tags of languages are understood in any case of letters',
      rfc: 'RFC 6856 section 3',
      severity: 'should',
      cost: 'Clients that write another case get an error.',
      needs: ['lang'],
      steps: [
        connect,
        step('send `LANG` and the first tag that it lists, in upper case, expect `+OK`', async play => {
          const [tag = ''] = await languagesOf(play)
          await play.wire.send(octetsOf(`lang ${tag.toUpperCase()}\r\n`))
          if ((await readReply(play.wire)).status !== 'ok')
            throw new Failure(`it refused ${tag.toUpperCase()}`)
        }),
        quit,
      ],
    },
    {
      id: 'lang-unknown',
      title: 'A language that is not there is refused, and the one before stays',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Users read a language that nobody chose.',
      needs: ['lang'],
      steps: [
        connect,
        say('STAT'),
        textAs('before'),
        say('LANG x-no-such-one'),
        err(),
        say('STAT'),
        textAs('behind'),
        sameTexts('before', 'behind'),
        quit,
      ],
    },
    {
      id: 'lang-odd',
      title: 'What is no tag of a language is refused',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Something else is looked up by that name.',
      needs: ['lang'],
      steps: [connect, say('LANG ../../etc/passwd'), refusedOrClosed],
    },
    {
      id: 'lang-of-one-session',
      title: 'The language of one session is not that of another',
      rfc: 'RFC 6856 section 3',
      severity: 'must',
      cost: 'Users read a language that somebody else chose.',
      needs: ['lang'],
      steps: [
        connect,
        say('STAT'),
        textAs('before'),
        on('second', connect, inEachLanguage()),
        say('STAT'),
        textAs('behind'),
        sameTexts('before', 'behind'),
        quit,
      ],
    },
  ],
}
