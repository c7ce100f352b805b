// Addresses of POP3 servers on the command line: read strictly, and never repeated in a complaint.
import { describe, expect, it } from 'vitest'
import { formatPop3Url, parsePop3Url } from '../../../src/cli/remote/pop3-url.ts'

describe('an address', () => {
  it.each([
    ['pop3s://pop.example.net', { scheme: 'pop3s', host: 'pop.example.net', port: 995, user: undefined }],
    ['pop3://ann@pop.example.net', { scheme: 'pop3', host: 'pop.example.net', port: 110, user: 'ann' }],
    ['pop3+stls://h:1110/', { scheme: 'pop3+stls', host: 'h', port: 1110, user: undefined }],
    ['POP3S://ann@h:1', { scheme: 'pop3s', host: 'h', port: 1, user: 'ann' }],
    ['pop3s://ann@example.net@h', { scheme: 'pop3s', host: 'h', port: 995, user: 'ann@example.net' }],
    ['pop3s://ann%40example.net@h', { scheme: 'pop3s', host: 'h', port: 995, user: 'ann@example.net' }],
    ['pop3s://recent:ann@h', undefined],
    [
      'pop3s://j%C3%BCrg@b%C3%BCcher.example',
      { scheme: 'pop3s', host: 'xn--bcher-kva.example', port: 995, user: 'jürg' },
    ],
    [
      'pop3s://bücher.example',
      { scheme: 'pop3s', host: 'xn--bcher-kva.example', port: 995, user: undefined },
    ],
    ['pop3s://[::1]:995', { scheme: 'pop3s', host: '::1', port: 995, user: undefined }],
    ['pop3s://127.0.0.1', { scheme: 'pop3s', host: '127.0.0.1', port: 995, user: undefined }],
  ])('%s', (text, url) => {
    if (url) expect(parsePop3Url(text)).toEqual(url)
    else expect(() => parsePop3Url(text)).toThrow('no password stands in it')
  })

  it.each([
    ['imaps://h', 'it must be like'],
    ['h:110', 'it must be like'],
    ['pop3s://', 'it must be like'],
    ['pop3s:h', 'it must be like'],
    [' pop3s://h', 'it must be like'],
    ['pop3s://h\n', 'it must be like'],
    ['pop3s://h:99999', 'it must be like'],
    ['pop3s://h:0', 'no server has port 0'],
    ['pop3s://ann:sesame@h', 'no password stands in it'],
    ['pop3s://h/inbox', 'nothing stands behind the port'],
    ['pop3s://h?x', 'nothing stands behind the port'],
    ['pop3s://h#x', 'nothing stands behind the port'],
    ['pop3s://a%0D%0ADELE%201@h', 'the user has no control characters'],
    ['pop3s://a%ff@h', 'the user has a %'],
    ['pop3s://a%20b', 'the host is no name'],
    ['pop3s://-x', 'the host is no name'],
    [`pop3s://${'h'.repeat(254)}`, 'the host is no name'],
    [`pop3s://${'u'.repeat(3_000)}@h`, 'it must be like'],
  ])('%j is none', (text, why) => {
    expect(() => parsePop3Url(text)).toThrow(why)
    expect(() => parsePop3Url(text)).not.toThrow('sesame')
  })

  it('is shown without its user', () => {
    expect(formatPop3Url(parsePop3Url('pop3s://ann@[::1]'))).toBe('pop3s://[::1]:995')
  })
})
