// The tables of the collector: what a file says, what it comes to, and what no source can mean.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig, sharedMailboxes } from '../../src/config.ts'
import { commandWords } from '../../src/mail/command-words.ts'

const least = 'name = "old"\nserver = "pop3s://ann@pop.example.net"\nto = "ann"\n'

function source(keys: string, base = least) {
  const [first] = parseConfig(`[[collect]]\n${base}${keys}`, { file: '/etc/poplar.toml' }).collect
  if (!first) throw new Error('there is no source')
  return first
}

it('has a value for every key', () => {
  expect(source('')).toEqual({
    name: 'old',
    protocol: 'pop3',
    host: 'pop.example.net',
    port: 995,
    user: 'ann',
    tls: 'implicit',
    allowCleartext: false,
    pins: [],
    caFile: undefined,
    identity: undefined,
    proxy: undefined,
    folders: ['INBOX'],
    mechanisms: undefined,
    quirks: [],
    secret: { kind: 'prompt' },
    to: [{ text: 'ann', user: undefined, secret: undefined, caFile: undefined, pins: [] }],
    everyMs: 300_000,
    policy: {
      keep: 'all',
      maxOctets: undefined,
      tellsOfLarge: true,
      batch: undefined,
      commitEvery: 100,
      since: undefined,
      newest: undefined,
      skips: [],
    },
  })
  const { collector, collect } = parseConfig('', { file: '/etc/poplar.toml' })
  expect(collect).toEqual([])
  expect(collector).toEqual({
    atOnce: 16,
    spool: '/etc/poplar-data/spool',
    tokens: '/etc/poplar-data/tokens',
    notifyUrl: undefined,
    notifyCommand: undefined,
  })
})

it('has what the file says', () => {
  const pin = `sha256/${'A'.repeat(43)}=`
  const found = source(
    `name = "b"
    server = "imap://pop.example.net:1143"
    user = "ann smith"
    tls = "stls"
    pin = "${pin}"
    ca = "ca.crt"
    proxy = "socks5h://127.0.0.1"
    folders = ["INBOX", "Sent"]
    every = "0"
    keep = "36h"
    max_size = "1MiB"
    large = "skip"
    batch = 10
    commit_every = 5
    since = "2026-02-28"
    filters = [{ header = "X-Spam-Flag: YES" }]
    to = ["ann", "maildir:mail", "command:/bin/cat -v",
          { to = "imaps://bob@imap.example.org/Old", password_env = "BOB", ca = "other.crt", pin = ["${pin}"] }]`,
    '',
  )
  expect(found).toMatchObject({
    protocol: 'imap',
    port: 1143,
    user: 'ann smith',
    tls: 'stls',
    pins: [pin],
    caFile: '/etc/ca.crt',
    folders: ['INBOX', 'Sent'],
    everyMs: 0,
    policy: {
      keep: { days: 1.5 },
      maxOctets: 1_048_576,
      tellsOfLarge: false,
      since: new Date('2026-02-28T00:00:00Z'),
      skips: [{ name: 'x-spam-flag', value: 'yes' }],
    },
  })
  expect(found.to.map(({ text }) => text)).toEqual([
    'ann',
    'maildir:/etc/mail',
    'command:/bin/cat -v',
    'imaps://bob@imap.example.org/Old',
  ])
  expect(found.to[3]).toMatchObject({
    secret: { kind: 'environment', variable: 'BOB' },
    caFile: '/etc/other.crt',
    pins: [pin],
  })
})

it('has the names of quirks, and a certificate with its key in another file or in the same', () => {
  const { quirks, identity, mechanisms } = source(
    'quirks = ["Cyrus", "no-capa"]\ncert = "ann.crt"\nkey = "/keys/ann.key"\nmechanisms = ["EXTERNAL"]',
  )
  expect(quirks).toEqual(['Cyrus', 'no-capa'])
  expect(identity).toEqual({ certFile: '/etc/ann.crt', keyFile: '/keys/ann.key' })
  expect(mechanisms).toEqual(['EXTERNAL'])
  expect(source('cert = "ann.pem"').identity).toEqual({
    certFile: '/etc/ann.pem',
    keyFile: '/etc/ann.pem',
  })
})

describe('a server', () => {
  it.each([
    ['pop3://ann@pop.example.net', { port: 110, tls: 'stls', allowCleartext: false }],
    ['pop3://ann@127.0.0.1', { port: 110, tls: 'opportunistic', allowCleartext: true }],
    ['imaps://ann@[::1]:1', { host: '::1', port: 1, tls: 'implicit', allowCleartext: true }],
    ['imap://ann%40example.net@IMAP.example.net', { user: 'ann@example.net', host: 'imap.example.net' }],
    ['pop3s://recent:ann@gmail.com@pop.gmail.com', undefined],
    ['pop3s://recent%3Aann%40gmail.com@pop.gmail.com', { user: 'recent:ann@gmail.com' }],
    ['pop3s://ann%0d%0aDELE@pop.example.net', undefined],
    ['pop3s://ann%@pop.example.net', undefined],
    ['pop3s://ann@pop.example.net/INBOX', undefined],
    ['https://ann@pop.example.net', undefined],
    ['pop3s://', undefined],
  ])('is read from %s', (server, expected) => {
    const read = () => source('', `name = "a"\nserver = "${server}"\nto = "ann"\n`)
    if (expected) expect(read()).toMatchObject(expected)
    else expect(read).toThrow(/`server` in \[\[collect\]\] must be a URL/)
  })

  it('with a password in it is refused, and the password is not shown', () => {
    expect(() =>
      source('', 'name = "a"\nserver = "pop3s://ann:ses@me@pop.example.net"\nto = "ann"\n'),
    ).toThrow(/it is "pop3s:\/\/ann:\*\*\*\*@pop\.example\.net"$/)
  })
})

describe('a secret', () => {
  it.each([
    ['password_file = "secret"', { kind: 'file', file: '/etc/secret' }],
    ['password_env = "OLD"', { kind: 'environment', variable: 'OLD' }],
    [
      'password_command = "pass show \'old account\'"',
      { kind: 'command', command: ['pass', 'show', 'old account'] },
    ],
    ['password_command = ["sh", "-c", "a | b"]', { kind: 'command', command: ['sh', '-c', 'a | b'] }],
    ['netrc = true', { kind: 'netrc', file: undefined }],
    ['netrc = "netrc"', { kind: 'netrc', file: '/etc/netrc' }],
    ['keyring = true', { kind: 'keyring', attributes: undefined }],
    ['keyring = ["service", "mail"]', { kind: 'keyring', attributes: ['service', 'mail'] }],
    [
      'oauth = { provider = "gmail", client_id = "me", client_secret = "s" }',
      {
        kind: 'oauth',
        oauth: {
          provider: 'gmail',
          clientId: 'me',
          clientSecretFile: '/etc/s',
          flow: undefined,
          scope: undefined,
        },
      },
    ],
    [
      'oauth = { provider = "http://127.0.0.1:1/x", client_id = "me", flow = "browser", scope = "mail a" }',
      {
        kind: 'oauth',
        oauth: { provider: 'http://127.0.0.1:1/x', clientId: 'me', flow: 'browser', scope: 'mail a' },
      },
    ],
  ])('is named by %s', (keys, secret) => {
    expect(source(keys).secret).toMatchObject(secret)
  })
})

describe('a command', () => {
  it.each([
    ['pass show mail/old', ['pass', 'show', 'mail/old']],
    [`gpg  -d "~/a b.gpg" ''`, ['gpg', '-d', '~/a b.gpg', '']],
    [`a"b c"'d'`, ['ab cd']],
    ['cat ~/secret', undefined],
    ['cat secret | head -1', undefined],
    ['echo $PASSWORD', undefined],
    ['echo "$PASSWORD"', undefined],
    ['echo `id`', undefined],
    ['echo "open', undefined],
    ['a\nb', undefined],
    ['a\\ b', undefined],
    ['', undefined],
    ["''", undefined],
  ])('is split without a shell: %j', (text, words) => {
    expect(commandWords(text)).toEqual(words)
  })
})

describe('what cannot be is said, with its line:', () => {
  const cases: readonly (readonly [reason: string, toml: string, says: RegExp])[] = [
    [
      'one table for a list',
      `[collect]\n${least}`,
      /line 1: `collect` must be a list of tables, each written \[\[collect\]\]; it is a table/,
    ],
    [
      'a key there is not',
      `[[collect]]\n${least}everry = "1m"`,
      /line 5: unknown key `everry` in \[\[collect\]\]; did you mean `every`\?/,
    ],
    [
      'a key of a source elsewhere',
      'password_env = "A"',
      /unknown key `password_env`; it belongs in \[\[collect\]\]/,
    ],
    [
      'no name',
      '[[collect]]\nserver = "pop3s://a@b"\nto = "ann"',
      /line 1: `name` in \[\[collect\]\] must be a name .*; it is missing/,
    ],
    [
      'a name that is a path',
      `[[collect]]\n${least.replace('old', '../old')}`,
      /line 2: `name`.*it is "\.\.\/old"/,
    ],
    [
      'no destination',
      '[[collect]]\nname = "a"\nserver = "pop3s://a@b"',
      /`to` in \[\[collect\]\] must be a destination/,
    ],
    [
      'no destination in a list',
      `[[collect]]\n${least.replace('"ann"', '[]')}`,
      /`to` in \[\[collect\]\] must be a destination.*it is a list/,
    ],
    [
      'a destination of no kind',
      `[[collect]]\n${least.replace('"ann"', '["ann", "ftp://x/y"]')}`,
      /line 4: `to` .*; item 2 is "ftp:/,
    ],
    [
      'a name twice',
      `[[collect]]\n${least}[[collect]]\n${least}`,
      /line 6: `name` in \[\[collect\]\]: table 1 is called "old" already/,
    ],
    [
      'no user',
      '[[collect]]\nname = "a"\nserver = "pop3s://b"\nto = "ann"',
      /line 3: `server` in \[\[collect\]\] needs a user.*\(source "a"\)/,
    ],
    [
      'two users',
      `[[collect]]\n${least}user = "bob"`,
      /line 5: `user` in \[\[collect\]\] is not the user that is in `server`/,
    ],
    [
      'two secrets',
      `[[collect]]\n${least}password_env = "A"\nnetrc = true`,
      /line 6: `password_env` and `netrc` in \[\[collect\]\] do not go together/,
    ],
    [
      'OAuth2 and a password',
      `[[collect]]\n${least}password_file = "a"\noauth = { provider = "gmail", client_id = "a" }`,
      /line 6: `password_file` and `oauth`/,
    ],
    [
      'two secrets of a destination',
      `[[collect]]\n${least.replace('"ann"', '{ to = "imaps://b@c/d", netrc = true, keyring = true }')}`,
      /line 4: `netrc` and `keyring`/,
    ],
    [
      'a secret of a folder',
      `[[collect]]\n${least.replace('"ann"', '{ to = "maildir:/x", netrc = true }')}`,
      /line 4: item 1 of `to` in \[\[collect\]\] takes no password/,
    ],
    [
      'OAuth2 without a client',
      `[[collect]]\n${least}oauth = { provider = "gmail" }`,
      /line 5: `oauth` in \[\[collect\]\] must be a table with `provider`/,
    ],
    [
      'an issuer in clear',
      `[[collect]]\n${least}oauth = { provider = "http://example.net", client_id = "a" }`,
      /`oauth` in \[\[collect\]\] must be/,
    ],
    [
      'half a pair of attributes',
      `[[collect]]\n${least}keyring = ["service"]`,
      /`keyring` in \[\[collect\]\] must be true, or a list/,
    ],
    ['STLS after TLS', `[[collect]]\n${least}tls = "stls"`, /line 5: `tls` .* has TLS from the start/],
    [
      'a password in clear, silently',
      `[[collect]]\n${least.replace('pop3s', 'pop3')}tls = "none"`,
      /line 5: `tls = "none"`.*`allow_cleartext = true` has to say so/,
    ],
    [
      'a pin without TLS',
      `[[collect]]\nname = "a"\nserver = "pop3://ann@127.0.0.1"\nto = "ann"\ntls = "none"\npin = "sha256/${'A'.repeat(43)}="`,
      /`pin` and `ca` .* mean nothing/,
    ],
    [
      'a pin that is none',
      `[[collect]]\n${least}pin = "sha1/AAAA"`,
      /line 5: `pin` in \[\[collect\]\] must be the SHA-256/,
    ],
    [
      'folders of POP3',
      `[[collect]]\n${least}folders = ["Sent"]`,
      /line 5: `folders` .* POP3 has one maildrop/,
    ],
    [
      'too often',
      `[[collect]]\n${least}every = "1s"`,
      /line 5: `every` in \[\[collect\]\] must be a duration such as "5m", at least 10s/,
    ],
    [
      'a day there is not',
      `[[collect]]\n${least}since = "2026-02-30"`,
      /line 5: `since` in \[\[collect\]\] must be a day as "YYYY-MM-DD"/,
    ],
    [
      'a day as TOML has it',
      `[[collect]]\n${least}since = 2026-02-28`,
      /line 5: `since` in \[\[collect\]\] takes no date/,
    ],
    [
      'two bounds of the first run',
      `[[collect]]\n${least}since = "2026-02-28"\nnewest = 5`,
      /line 6: `since` and `newest`/,
    ],
    [
      'a filter that does something else',
      `[[collect]]\n${least}filters = [{ header = "A: b", do = "drop" }]`,
      /line 5: `filters` .*`do` of item 1 is "drop"/,
    ],
    ['a filter without a field', `[[collect]]\n${least}filters = [{ header = "spam" }]`, /line 5: `filters`/],
    [
      'one mailbox twice over',
      `[[collect]]\nname = "a"\nserver = "imaps://ann@imap.example.net"\nto = "imaps://ann@IMAP.example.net/INBOX"`,
      /line 4: item 1 of `to` in \[\[collect\]\] is the mailbox that the mail comes from/,
    ],
    [
      'a destination twice',
      `[[collect]]\n${least.replace('"ann"', '["ann", "ann"]')}`,
      /line 4: item 2 of `to` in \[\[collect\]\] is there twice/,
    ],
    [
      'a password in a destination',
      `[[collect]]\n${least.replace('"ann"', '"smtp://ann:sesame@example.net/x@y"')}`,
      /^(?!.*sesame).*item 1 of `to` in \[\[collect\]\] has a password in it/,
    ],
    [
      'a command for a shell',
      `[[collect]]\n${least}password_command = "a | b"`,
      /line 5: `password_command` in \[\[collect\]\] must be a program/,
    ],
    [
      'a proxy with a password, misspelt',
      `[[collect]]\n${least}proxy = "sock5://me:sesame@proxy"`,
      /^(?!.*sesame).*line 5: `proxy`/,
    ],
    [
      'a quirk that nobody knows',
      `[[collect]]\n${least}quirks = ["Cyrus", "cyrus"]`,
      /line 5: `quirks` in \[\[collect\]\] must be a list of "no-capa".*"Cyrus"; item 2 is "cyrus"/,
    ],
    [
      'quirks of IMAP',
      `[[collect]]\n${least.replace('pop3s', 'imaps')}quirks = ["no-capa"]`,
      /line 5: `quirks` in \[\[collect\]\] are for `pop3:`/,
    ],
    [
      'a key alone',
      `[[collect]]\n${least}key = "a"`,
      /line 5: `key` in \[\[collect\]\] needs its certificate/,
    ],
    [
      'a certificate without TLS',
      '[[collect]]\nname = "a"\nserver = "pop3://ann@127.0.0.1"\nto = "ann"\ntls = "none"\ncert = "a"',
      /line 6: `cert` in \[\[collect\]\] means nothing with `tls = "none"`/,
    ],
    [
      'EXTERNAL without a certificate',
      `[[collect]]\n${least}mechanisms = ["EXTERNAL"]`,
      /line 5: "EXTERNAL" .* needs a certificate/,
    ],
    [
      'EXTERNAL among others',
      `[[collect]]\n${least}cert = "a"\nmechanisms = ["EXTERNAL", "PLAIN"]`,
      /line 6: "EXTERNAL" .* stands alone/,
    ],
    [
      'EXTERNAL and a password',
      `[[collect]]\n${least}cert = "a"\npassword_env = "A"\nmechanisms = ["EXTERNAL"]`,
      /line 6: `password_env` in \[\[collect\]\] means nothing with "EXTERNAL"/,
    ],
    [
      'nobody at once',
      '[collector]\nat_once = 0',
      /line 2: `at_once` in \[collector\] must be a whole number from 1 to 1000/,
    ],
  ]
  it.each(cases)('%s', (_reason, toml, says) => {
    expect(() => parseConfig(toml)).toThrow(ConfigError)
    expect(() => parseConfig(toml)).toThrow(says)
  })
})

it('takes the same mailbox under another folder, and other destinations that only look alike', () => {
  const imap = (to: string) =>
    `[[collect]]\nname = "a"\nserver = "imaps://ann@imap.example.net"\nto = "${to}"`
  for (const to of [
    'imaps://ann@imap.example.net/Old',
    'imaps://bob@imap.example.net/INBOX',
    'ann@imap.example.net',
  ])
    expect(parseConfig(imap(to)).collect).toHaveLength(1)
})

it('takes what docs/collector-logins.md shows', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/collector-logins.md'), 'utf8')
  const blocks = [...text.matchAll(/```toml\n([^]*?)```/g)].map(([, toml = '']) => toml)
  expect(parseConfig(blocks.join('\n')).collect.map(({ name }) => name)).toEqual(['old-account', 'gmail'])
})

describe('sources that have one mailbox', () => {
  const table = (name: string, server: string, more = '') =>
    `[[collect]]\nname = "${name}"\nserver = "${server}"\nto = "ann"\n${more}\n`
  const shared = (...tables: readonly string[]) =>
    sharedMailboxes(parseConfig(tables.join('')).collect).map(({ names, mailbox }) => [mailbox, ...names])

  it('are named, all of them', () => {
    const url = 'pop3s://ann@pop.example.net'
    expect(
      shared(table('a', url), table('b', 'pop3s://POP.example.net:995', 'user = "ann"'), table('c', url)),
    ).toEqual([['ann at pop.example.net port 995 (POP3)', 'a', 'b', 'c']])
    expect(sharedMailboxes(parseConfig(table('a', url) + table('b', url)).collect)[0]?.warning).toMatch(
      /^the sources a and b in \[\[collect\]\] have one mailbox, ann at pop\.example\.net port 995 \(POP3\): they/,
    )
  })

  it('are so by IMAP for each folder that they share', () => {
    const url = 'imaps://ann@imap.example.net'
    const [one, other] = ['folders = ["inbox", "Sent", "Old"]', 'folders = ["INBOX", "sent", "Old"]']
    expect(shared(table('a', url, one), table('b', url, other))).toEqual([
      ['INBOX of ann at imap.example.net port 993 (IMAP)', 'a', 'b'],
      ['Old of ann at imap.example.net port 993 (IMAP)', 'a', 'b'],
    ])
  })

  it.each([
    ['other users', 'pop3s://bob@pop.example.net'],
    ['other ports', 'pop3s://ann@pop.example.net:1995'],
    ['other hosts', 'pop3s://ann@pop.example.org'],
    ['another protocol', 'imaps://ann@pop.example.net:995'],
    ['the recent mode of Gmail', 'pop3s://recent%3Aann@pop.example.net'],
  ])('are not those of %s', (_what, url) => {
    expect(shared(table('a', 'pop3s://ann@pop.example.net'), table('b', url))).toEqual([])
  })
})
