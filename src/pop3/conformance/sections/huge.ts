// Awkward by its size alone: a message of a gigabyte, with `--huge`: it is made as it is sent and compared as it comes, and lies nowhere whole but in the
// maildrop.
import { Failure } from '../../../conformance/case.ts'
import { octetsOf, step } from '../../../conformance/steps.ts'
import { ask } from '../ask.ts'
import { gaugeBody, gaugeOf, hugePieces } from '../huge-letter.ts'
import { numbersOf } from '../listing-steps.ts'
import { logInToFind } from '../message-steps.ts'
import type { Pop3Play } from '../play.ts'
import type { Pop3Case } from '../pop3-case.ts'
import { body, ok, quit, say } from '../steps.ts'

const pieces = ({ credentials }: Pop3Play) => hugePieces(`huge ${credentials.user}`)
const firstLine = octetsOf('From: check@example.org\r\n')

const deliverHuge = step<Pop3Play>('have a message of a gigabyte delivered', async play => {
  if (!play.deliverInPieces) throw new Error('the case delivers, but has not said so in what it needs')
  await play.deliverInPieces(pieces(play))
})

const readHuge = step<Pop3Play>(
  'send `LIST 1` and `RETR 1`, expect the gigabyte as it was sent, as large as listed',
  async play => {
    const [, size] = numbersOf(await ask(play.wire, 'LIST 1'))
    await ask(play.wire, 'RETR 1')
    const came = await gaugeBody(play.wire, firstLine)
    const sent = gaugeOf(pieces(play))
    if (came.letterOctets !== sent.letterOctets)
      throw new Failure(`${sent.letterOctets} octets were sent, ${came.letterOctets} of them came`)
    if (came.digest !== sent.digest) throw new Failure('it is not what was sent: the hashes differ')
    if (came.octets !== size) throw new Failure(`LIST says ${size} octets, RETR sends ${came.octets}`)
  },
)

export const hugeCases: readonly Pop3Case[] = [
  {
    id: 'huge-as-sent',
    title: 'A message of a gigabyte is listed and read to the octet, and its top is had for little',
    rfc: 'RFC 1939 section 5',
    severity: 'should',
    cost: 'One large message ends the server for everybody, or blocks the maildrop for ever.',
    needs: ['huge', 'pieces', 'top'],
    mail: [],
    changesMail: true,
    limitMs: 600_000,
    steps: [
      deliverHuge,
      logInToFind(1),
      say('TOP 1 1'),
      body('a header and one line', octets =>
        octets.length < 64 * 1024 ? undefined : `the top has ${octets.length} octets`,
      ),
      readHuge,
      say('DELE 1'),
      ok(),
      quit,
      logInToFind(0),
      quit,
    ],
  },
]
