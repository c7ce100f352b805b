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
    says: 'p.toml line 1: unknown key `imap` in [listen]; known are `pop3`, `pop3s`, `pop2`, `smtp`, `lmtp`',
  },
  {
    why: 'a mistyped table',
    toml: '[pop]\nautologout = "10m"',
    says: 'p.toml line 1: unknown key `pop`; did you mean `pop3`?',
  },
  {
    why: 'a key may hold anything, the terminal may not',
    toml: '"\\u001b[2J" = 1',
    says: 'p.toml line 1: unknown key `?[2J`; known are `data`, `hostname`, `domains`, `retention`, `listen`, `pop3`, `smtp`, `limits`, `delivery`, `store`, `control`, `maildrop`, `tls`, `acme`, `legacy`, `proxy`, `auth`, `throttle`, `oauth`, `passwd_file`, `sql`, `ldap`, `metrics`, `tracing`, `log`, `collector`, `collect`',
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
    says: 'p.toml line 2: `pop3` in [listen] may not be 0.0.0.0:110: passwords would travel in clear; give `cert` and `key` in [tls], or `domains` in [acme], listen on a loopback address such as "127.0.0.1:1110", or set `required = false` in [tls]',
  },
  {
    why: 'POP2 has no TLS, whatever certificates there are',
    toml: '[listen]\npop2 = "0.0.0.0:109"\n[tls]\ncert = "a.crt"\nkey = "a.key"',
    says: 'p.toml line 2: `pop2` in [listen] may not be 0.0.0.0:109: POP2 has no TLS, passwords would travel in clear; listen on a loopback address such as "127.0.0.1:1109", or set `required = false` in [tls]',
  },
  {
    why: 'nobody could log in by POP2',
    toml: '[listen]\npop2 = "127.0.0.1:1109"\n[tls]\nrequired = true\ncert = "a.crt"\nkey = "a.key"',
    says: 'p.toml line 2: `pop2` in [listen] would keep everybody out: POP2 has no TLS, and `required` in [tls] asks for it',
  },
  {
    why: 'TLS without a certificate',
    toml: '[listen]\npop3s = "127.0.0.1:1995"',
    says: 'p.toml line 2: `pop3s` in [listen] needs a certificate: give `cert` and `key` in [tls], or `domains` in [acme]',
  },
  {
    why: 'nobody could log in',
    toml: 'tls.required = true',
    says: 'p.toml line 1: `required` in [tls] would keep everybody out: give `cert` and `key` in [tls], or `domains` in [acme]',
  },
  {
    why: 'a certificate without its key',
    toml: '[tls]\ncert = "a.crt"',
    says: 'p.toml line 2: `cert` in [tls] needs `key` beside it',
  },
  {
    why: 'a key without its certificate',
    toml: '[tls]\nkey = "a.key"',
    says: 'p.toml line 2: `key` in [tls] needs `cert` beside it',
  },
  {
    why: 'an item of a list of tables',
    toml: '[tls]\n[[tls.certificate]]\ncert = "a.crt"\nkey = "a.key"\nkeys = "b.key"',
    says: 'p.toml line 5: unknown key `keys` in `certificate` in [tls], which is a list of tables with `cert` and `key`',
  },
  {
    why: 'an item of a list of tables that lacks a key',
    toml: '[[tls.certificate]]\ncert = "a.crt"',
    says: 'p.toml line 1: `certificate` in [tls] must be a list of tables with `cert` and `key`; `key` of item 1 is missing',
  },
  {
    why: 'terms of service that nobody agreed to',
    toml: '[acme]\ndomains = ["mail.example.net"]',
    says: 'p.toml line 2: `domains` in [acme] needs `agree_terms = true`: the ACME server asks for that',
  },
  {
    why: 'half an external account binding',
    toml: '[acme]\neab_kid = "1"',
    says: 'p.toml line 2: `eab_kid` and `eab_key` in [acme] go together',
  },
  {
    why: 'old devices, from anywhere',
    toml: '[legacy]\npop3 = "0.0.0.0:1100"',
    says: 'p.toml line 1: [legacy] needs `networks`: it lets in known devices only',
  },
  {
    why: 'old TLS, but none',
    toml: '[legacy]\npop3s = "0.0.0.0:9950"\nnetworks = ["192.0.2.7"]',
    says: 'p.toml line 2: `pop3s` in [legacy] needs `tls = "TLSv1"` beside it',
  },
  {
    why: 'a range that is none',
    toml: '[legacy]\nnetworks = ["192.0.2.0/33"]',
    says: 'p.toml line 2: `networks` in [legacy] must be a list of addresses and ranges such as ["192.0.2.7", "192.0.2.0/24"]; item 1 is "192.0.2.0/33"',
  },
  {
    why: 'accounts of a database that is not named',
    toml: '[auth]\nsources = ["store", "sql"]',
    says: 'p.toml line 2: "sql" in `sources` needs `url` and `query` in [sql]',
  },
  {
    why: 'tokens meant for anybody',
    toml: '[oauth]\nissuer = "https://login.example.net"',
    says: 'p.toml line 2: `issuer` in [oauth] needs `audience`: a token meant for another service would open maildrops here',
  },
  {
    why: 'a URL of another kind',
    toml: '[ldap]\nurl = "https://ldap.example.net"',
    says: 'p.toml line 2: `url` in [ldap] must be a URL that begins with ldap: or ldaps:; it is "https://ldap.example.net"',
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
