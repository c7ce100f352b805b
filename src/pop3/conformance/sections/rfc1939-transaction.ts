// RFC 1939 section 5: the commands on messages.
import type { Pop3Section } from '../pop3-case.ts'
import { err, letterBody, lines, logIn, ok, quit, reply, say } from '../steps.ts'

export const transaction: Pop3Section = {
  name: 'rfc1939-transaction',
  title: 'Messages: STAT, LIST, RETR, DELE, NOOP, RSET',
  about: 'What the commands of TRANSACTION answer, RFC 1939 section 5, and that they agree with each other.',
  cases: [
    {
      id: 'stat-form',
      title: 'STAT answers with two numbers and one space between',
      rfc: 'RFC 1939 section 5',
      severity: 'must',
      cost: 'Clients that read the drop listing see no mail, or fail.',
      mail: ['plain', 'second'],
      steps: [logIn, say('STAT'), ok(/^2 [0-9]+(?: |$)/), quit],
    },
    {
      id: 'list-agrees-with-stat',
      title: 'LIST has as many messages and octets as STAT',
      rfc: 'RFC 1939 section 5',
      severity: 'must',
      cost: 'Clients reserve too little room, or stop before the last message.',
      mail: ['plain', 'second', 'dots'],
      steps: [
        logIn,
        say('STAT'),
        reply('the drop listing', ({ text }, play) => {
          play.memory.set('stat', text.split(' ').slice(0, 2).join(' '))
          return undefined
        }),
        say('LIST'),
        lines('a scan listing that sums up to it', (found, play) => {
          const sum = found.reduce((octets, line) => octets + Number(line.split(' ')[1]), 0)
          const listed = `${found.length} ${sum}`
          return listed === play.memory.get('stat')
            ? undefined
            : `STAT says ${play.fill('{stat}')}, LIST ${listed}`
        }),
        quit,
      ],
    },
    {
      id: 'retr-dots',
      title: 'RETR stuffs every line that begins with a dot, and changes nothing else',
      rfc: 'RFC 1939 section 3',
      severity: 'must',
      cost: 'Messages end early, and what follows is taken for answers.',
      mail: ['dots'],
      steps: [logIn, say('RETR 1'), letterBody(1), say('NOOP'), ok(), quit],
    },
    {
      id: 'dele-hides',
      title: 'A deleted message cannot be used, and the others keep their numbers',
      rfc: 'RFC 1939 section 5',
      severity: 'must',
      cost: 'The wrong messages are deleted.',
      mail: ['plain', 'second', 'third'],
      steps: [
        logIn,
        say('DELE 2'),
        ok(),
        say('RETR 2'),
        err(),
        say('LIST'),
        lines('messages 1 and 3', found => {
          const numbers = found.map(line => line.split(' ')[0]).join(' ')
          return numbers === '1 3' ? undefined : `it lists ${numbers}`
        }),
        say('RSET'),
        ok(),
        quit,
      ],
    },
  ],
}
