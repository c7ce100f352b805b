import { describe, expect, it } from 'vitest'
import { parsePathCommand } from '../../../src/smtp/intake/path-command.ts'

const long = (octets: number) => 'a'.repeat(octets)

describe('MAIL and RCPT lines', () => {
  it.each<[string, string, object | false, string]>([
    ['MAIL FROM:<>', '', false, 'the null reverse-path'],
    ['MAIL FROM:<ann@x>', 'ann@x', false, 'the plain form'],
    ['mail from: <ann@x> ', 'ann@x', false, 'any case; blanks that do not belong there'],
    ['MAIL FROM:<@a,@b.c:ann@x>', 'ann@x', false, 'a source route is ignored'],
    ['MAIL FROM:<"a > b"@x>', '"a > b"@x', false, 'a bracket inside quotes'],
    ['MAIL FROM:<"a\\" @b"@x>', '"a\\" @b"@x', false, 'a quoted pair'],
    ['MAIL FROM:<root>', 'root', false, 'programs of this machine give no domain'],
    [`MAIL FROM:<${long(90)}@x>`, `${long(90)}@x`, false, 'a long rewritten reverse-path'],
    [
      'MAIL FROM:<ann@x> SIZE=12 body=8BITMIME SMTPUTF8',
      'ann@x',
      { SIZE: '12', BODY: '8BITMIME', SMTPUTF8: true },
      'parameters',
    ],
    ['MAIL FROM:<ann@x>  SIZE=12  ', 'ann@x', { SIZE: '12' }, 'more blanks'],
  ])('reads %s: %s', (line, address, args) => {
    expect(parsePathCommand('MAIL FROM', line)).toEqual({ address, args })
  })

  it.each([
    ['RCPT TO:<postmaster>', 'postmaster', 'RFC 5321 section 4.1.1.3'],
    ['RCPT TO:<"ann lee"@x>', '"ann lee"@x', 'a blank inside quotes'],
  ])('reads %s', (line, address) => {
    expect(parsePathCommand('RCPT TO', line)).toEqual({ address, args: false })
  })

  it.each([
    ['RCPT TO:<>', 'nobody'],
    ['RCPT TO:ann@x', 'no brackets'],
    ['RCPT TO:<ann@x', 'an open bracket'],
    ['RCPT TO:<ann@x>NOTIFY=NEVER', 'no blank before parameters'],
    ['RCPT TO:<<ann@x>>', 'brackets in brackets'],
    ['RCPT TO:<ann@x> <bob@x>', 'two paths'],
    ['RCPT TO:<ann@x> A=b=c', 'an equals sign in a value'],
    ['RCPT TO:<ann@x> A=', 'a parameter without its value'],
    ['RCPT TO:<ann@x> -A=b', 'a name that is none'],
    ['RCPT TO:<ann@x> A=\x07', 'a control character'],
    ['RCPT TO:<ann\r@x>', 'a lone CR'],
    ['RCPT TO:<ann\0@x>', 'NUL'],
    ['RCPT FROM:<ann@x>', 'the words mixed up'],
    ['RCPT <ann@x>', 'no TO'],
    [`RCPT TO:<${long(65)}@x>`, 'a long local part'],
    [`RCPT TO:<"${long(2_000)}`, 'an open quote'],
  ])('refuses %j: %s', line => {
    expect(parsePathCommand('RCPT TO', line)).toBe(false)
  })

  it('names a parameter that came twice, and takes none from the prototype', () => {
    expect(parsePathCommand('MAIL FROM', 'MAIL FROM:<> SIZE=1 size=2')).toMatchObject({ duplicate: 'SIZE' })
    expect(parsePathCommand('MAIL FROM', 'MAIL FROM:<> CONSTRUCTOR')).not.toHaveProperty('duplicate')
  })
})
