// Every kind of mistake in a configuration, and the sentence it gets: line, key, what is allowed.
import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'

/** The lines of the error; empty where there is none. */
function complaints(toml: string): string[] {
  try {
    parseConfig(toml, { file: 'p.toml' })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

const size = 'a size such as "50MiB", at least 64KiB and at most 2GiB'
const listeners =
  '"address:port", or a list of them; the address an IP address or localhost, IPv6 in brackets'

const table: readonly { why: string; toml: string; says: string }[] = [
  {
    why: 'a letter left out: the nearest key of the same table',
    toml: '# a comment\n\n[log]\nlevel = "info"\n\n[pop3]\nautologut = "10m"',
    says: 'p.toml line 7: unknown key `autologut` in [pop3]; did you mean `autologout`?',
  },
  {
    why: 'capitals matter in TOML',
    toml: 'Hostname = "x"',
    says: 'p.toml line 1: unknown key `Hostname`; did you mean `hostname`?',
  },
  {
    why: 'a key of another table',
    toml: 'autologout = "10m"',
    says: 'p.toml line 1: unknown key `autologout`; it belongs in [pop3]',
  },
  {
    why: 'a key of the document below the first table',
    toml: '[pop3]\nhostname = "x"',
    says: 'p.toml line 2: unknown key `hostname` in [pop3]; it belongs before the first table',
  },
  {
    why: 'nothing is near: all that is known',
    toml: '[log]\ncolour = 1',
    says: 'p.toml line 2: unknown key `colour` in [log]; known are `level`, `format`',
  },
  {
    why: 'a service that does not exist (yet)',
    toml: 'listen.imap = "127.0.0.1:143"',
    says: 'p.toml line 1: unknown key `imap` in [listen]; known are `pop3`, `smtp`, `lmtp`',
  },
  {
    why: 'a mistyped table',
    toml: '[pop]\nautologout = "10m"',
    says: 'p.toml line 1: unknown key `pop`; did you mean `pop3`?',
  },
  {
    why: 'a key may hold anything, the terminal may not',
    toml: '"\\u001b[2J" = 1',
    says: 'p.toml line 1: unknown key `?[2J`; known are `data`, `hostname`, `domains`, `listen`, `pop3`, `smtp`, `delivery`, `store`, `auth`, `log`',
  },
  {
    why: 'a number for a text',
    toml: 'data = 3',
    says: 'p.toml line 1: `data` must be the path of a folder; it is 3',
  },
  {
    why: 'an empty text',
    toml: 'data = ""',
    says: 'p.toml line 1: `data` must be the path of a folder; it is ""',
  },
  {
    why: 'a value for a table',
    toml: 'pop3 = "127.0.0.1:110"',
    says: 'p.toml line 1: `pop3` must be a table; it is "127.0.0.1:110"',
  },
  {
    why: 'a list of tables for a table',
    toml: '[[store]]\nundelete = "1d"',
    says: 'p.toml line 1: `store` must be a table; it is a list',
  },
  {
    why: 'a table for a value',
    toml: '[data]\nfolder = "x"',
    says: 'p.toml line 1: `data` must be the path of a folder; it is a table',
  },
  {
    why: 'TOML has dates, the configuration has not',
    toml: '[log]\nlevel = 1979-05-27',
    says: 'p.toml line 2: `level` in [log] takes no date',
  },
  {
    why: 'RFC 1939 section 3: ten minutes at least',
    toml: '[pop3]\nautologout = "9m"',
    says: 'p.toml line 2: `autologout` in [pop3] must be a duration such as "10m", at least 10m and at most 7d; it is "9m"',
  },
  {
    why: 'a duration without a unit could be seconds or minutes',
    toml: '[pop3]\nautologout = 600',
    says: 'p.toml line 2: `autologout` in [pop3] must be a duration such as "10m", at least 10m and at most 7d; it is 600',
  },
  {
    why: 'a size as negative number',
    toml: '[smtp]\nsize = -1',
    says: `p.toml line 2: \`size\` in [smtp] must be ${size}; it is -1`,
  },
  {
    why: 'a size with a unit nobody knows',
    toml: '[smtp]\nsize = "50 megs"',
    says: `p.toml line 2: \`size\` in [smtp] must be ${size}; it is "50 megs"`,
  },
  {
    why: 'not whole',
    toml: '[smtp]\nmax_recipients = 100.5',
    says: 'p.toml line 2: `max_recipients` in [smtp] must be a whole number from 100 to 100000; it is 100.5',
  },
  {
    why: 'RFC 5321 section 4.5.3.1.8: 100 recipients at least',
    toml: '[smtp]\nmax_recipients = 99',
    says: 'p.toml line 2: `max_recipients` in [smtp] must be a whole number from 100 to 100000; it is 99',
  },
  {
    why: 'none of the choices',
    toml: '[smtp]\nbare_newline = "accept"',
    says: 'p.toml line 2: `bare_newline` in [smtp] must be "normalize" or "reject"; it is "accept"',
  },
  {
    why: 'a truth value for a choice',
    toml: 'log = { level = true }',
    says: 'p.toml line 1: `level` in [log] must be "debug" or "info" or "warn" or "error"; it is true',
  },
  {
    why: 'the item of a list is named',
    toml: 'domains = [\n  "example.net",\n  "two words",\n]',
    says: 'p.toml line 3: `domains` must be a list of domain names such as ["example.net"]; item 2 is "two words"',
  },
  {
    why: 'a number that could be read as a name of one label',
    toml: 'domains = [1]',
    says: 'p.toml line 1: `domains` must be a list of domain names such as ["example.net"]; item 1 is 1',
  },
  {
    why: 'a list is needed',
    toml: 'domains = "example.net"',
    says: 'p.toml line 1: `domains` must be a list of domain names such as ["example.net"]; it is "example.net"',
  },
  {
    why: 'no port',
    toml: '[listen]\npop3 = "127.0.0.1"',
    says: `p.toml line 2: \`pop3\` in [listen] must be ${listeners}; it is "127.0.0.1"`,
  },
  {
    why: 'no such port',
    toml: '[listen]\npop3 = ["127.0.0.1:1110", "127.0.0.1:65536"]',
    says: `p.toml line 2: \`pop3\` in [listen] must be ${listeners}; item 2 is "127.0.0.1:65536"`,
  },
  {
    why: 'IPv6 needs brackets',
    toml: '[listen]\nsmtp = "::1:25"',
    says: `p.toml line 2: \`smtp\` in [listen] must be ${listeners}; it is "::1:25"`,
  },
  {
    why: 'passwords would travel in clear',
    toml: '[listen]\npop3 = "0.0.0.0:110"',
    says: 'p.toml line 2: `pop3` in [listen] may not be 0.0.0.0:110: passwords would travel in clear; listen on a loopback address such as "127.0.0.1:1110", or set `cleartext = "anywhere"` in [auth]',
  },
  {
    why: 'one address, two services',
    toml: '[listen]\nsmtp = "127.0.0.1:2525"\nlmtp = "127.0.0.1:2525"',
    says: 'p.toml line 3: `lmtp` in [listen] wants 127.0.0.1:2525, which `smtp` has',
  },
  {
    why: 'one address twice',
    toml: '[listen]\nsmtp = ["[::1]:2525", "[::1]:2525"]',
    says: 'p.toml line 2: `smtp` in [listen] wants [::1]:2525, which `smtp` has',
  },
  {
    why: 'a sub-address separator of two characters',
    toml: '[delivery]\nsubaddress = "--"',
    says: 'p.toml line 2: `subaddress` in [delivery] must be one of the characters !#$%&*+-/=?^_|~, or "" for none; it is "--"',
  },
  {
    why: 'long values are cut',
    toml: `hostname = "${'a '.repeat(100)}"`,
    says: `p.toml line 1: \`hostname\` must be a domain name such as "mail.example.net"; it is "${'a '.repeat(29)}a...`,
  },
]

describe('a mistake', () => {
  it.each(table)('is named: $why', ({ toml, says }) => {
    expect(complaints(toml)).toEqual([says])
  })

  it('does not hide others; they come in order of their lines', () => {
    const toml = 'hostnam = "x"\ndata = 1\n[pop3]\nautologut = 1\nmax_sessions = 0\n[log]\nlevel = "loud"\n'
    expect(complaints(toml).map(line => /line (\d+): .*?`(\w+)`/.exec(line)?.slice(1))).toEqual([
      ['1', 'hostnam'],
      ['2', 'data'],
      ['4', 'autologut'],
      ['5', 'max_sessions'],
      ['7', 'level'],
    ])
  })
})

const syntax: readonly { why: string; toml: string; at: string }[] = [
  { why: 'a value left out', toml: 'data =\n', at: 'p.toml line 1: column ' },
  { why: 'a key twice', toml: 'data = "a"\ndata = "b"', at: 'p.toml line 2: column ' },
  { why: 'a string that does not end', toml: '\n\ndata = "a', at: 'p.toml line 3: column ' },
  { why: 'a key that would reach into the program', toml: '__proto__ = 1', at: 'p.toml line 1: column ' },
  {
    why: 'an integer too large',
    toml: '[auth]\nconcurrency = 99999999999999999999',
    at: 'p.toml line 2: column ',
  },
]

describe('what is no TOML', () => {
  it.each(syntax)('is named with line and column: $why', ({ toml, at }) => {
    const lines = complaints(toml)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(`^${at}\\d+: .`))
  })
})
