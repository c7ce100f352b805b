// Whether a message is the letter that was sent, though header lines were added and line ends mended.
import { describe, expect, it } from 'vitest'
import { differenceFrom, mended } from '../../src/conformance/sameness.ts'

const sent = Buffer.from('From: a\r\nSubject: b\r\n\r\n.one\r\ntwo\r\n')

describe('a message is the letter', () => {
  it.each([
    ['as it was sent', sent.toString()],
    ['behind lines in front', `Received: x\r\n\ty\r\n${sent.toString()}`],
    ['with a line at the end of its header', 'From: a\r\nSubject: b\r\nStatus: RO\r\n\r\n.one\r\ntwo\r\n'],
    ['with a line between', 'From: a\r\nX-UID: 1\r\nSubject: b\r\n\r\n.one\r\ntwo\r\n'],
  ])('%s', (_, came) => {
    expect(differenceFrom({ octets: sent }, Buffer.from(came))).toBeUndefined()
  })
})

describe('it is not', () => {
  it.each([
    ['without a line of its header', 'From: a\r\n\r\n.one\r\ntwo\r\n', 'lacks the line `Subject: b`'],
    ['with its header in another order', 'Subject: b\r\nFrom: a\r\n\r\n.one\r\ntwo\r\n', 'elsewhere'],
    ['without a dot', 'From: a\r\nSubject: b\r\n\r\none\r\ntwo\r\n', 'octet 1 of the body'],
    ['with a line more', `${sent.toString()}\r\n`, 'octet 12 of the body: nothing more was sent'],
    ['with a line less', 'From: a\r\nSubject: b\r\n\r\n.one\r\n', 'nothing more came'],
    ['with an octet changed', 'From: a\r\nSubject: b\r\n\r\n.one\r\ntwO\r\n', 'octet 9 of the body: `o'],
    ['when nothing came', '', 'lacks the line `From: a`'],
  ])('%s', (_, came, why) => {
    expect(differenceFrom({ octets: sent }, Buffer.from(came))).toContain(why)
  })
})

it.each([
  ['one\ntwo\r\n', 'one\r\ntwo\r\n'],
  ['no end', 'no end\r\n'],
  ['a lone \r stays\r\n', 'a lone \r stays\r\n'],
])('line ends of %j are mended', (text, due) => {
  expect(mended(Buffer.from(text)).toString()).toBe(due)
})
