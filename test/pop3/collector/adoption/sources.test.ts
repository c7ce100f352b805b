// The configurations of getmail, mpop and Thunderbird, and what they come to here.
import { describe, expect, it } from 'vitest'
import type { ForeignSource } from '../../../../src/pop3/collector/adoption/foreign.ts'
import { parseGetmailrc } from '../../../../src/pop3/collector/adoption/getmail.ts'
import { parseMpoprc } from '../../../../src/pop3/collector/adoption/mpop.ts'
import { parseTuple } from '../../../../src/pop3/collector/adoption/python-tuple.ts'
import { parsePrefs } from '../../../../src/pop3/collector/adoption/thunderbird.ts'

const place = { file: '/home/ann/conf/rc', home: '/home/ann' }

function passwordOf({ secret }: ForeignSource): string | undefined {
  return secret.kind === 'in-file' ? secret.password.reveal() : undefined
}

describe('getmail', () => {
  const rc = (retriever: string, rest = '[destination]\ntype=Maildir\npath=~/Maildir/\n') =>
    parseGetmailrc(`[retriever]\nserver = pop.example\nusername = ann\n${retriever}\n${rest}`, place)
      .sources[0]

  it('has a source, where its mail goes, and where its list is', () => {
    const source = rc(
      'type = SimplePOP3SSLRetriever\nPassword: my = secret:\nca_certs = ~/ca.pem',
      `[destination]
# a comment
type = MultiDestination
destinations = ('[one]', "/var/mail/ann", '~/Maildir/', '[two]',
   '[three]')
[one]
type: Maildir
path: /srv/md/
user: mail
[two]
type = MDA_external
path = /usr/bin/procmail
arguments = ("-a", "x")
[three]
type = MDA_lmtp
host = 127.0.0.1
override = ann@example.net
[options]
delete_after = 30
max_message_size = 100000
max_messages_per_session = 50
read_all = false
`,
    )
    expect(source).toMatchObject({
      protocol: 'pop3',
      host: 'pop.example',
      port: 995,
      user: 'ann',
      tls: 'implicit',
      keep: { days: 30 },
      maxOctets: 100_000,
      batch: 50,
      authorityFile: '/home/ann/ca.pem',
      to: [
        'maildir:/srv/md',
        'mbox:/var/mail/ann',
        'maildir:/home/ann/Maildir',
        'command:/usr/bin/procmail -a x',
        'lmtp://127.0.0.1:2003/ann@example.net',
      ],
      stateFiles: ['/home/ann/conf/oldmail-pop.example-995-ann'],
      remarks: ['it delivers as the user mail; here all is done as the user who runs it'],
    })
    expect(source && passwordOf(source)).toBe('my = secret:')
  })

  it.each([
    ['SimplePOP3Retriever', { protocol: 'pop3', port: 110, tls: 'stls' }],
    ['BrokenUIDLPOP3SSLRetriever', { protocol: 'pop3', port: 995, tls: 'implicit', stateFiles: [] }],
    ['MultidropSDPSRetriever', { protocol: 'pop3', port: 110 }],
    ['SimpleIMAPRetriever', { protocol: 'imap', port: 143, tls: 'stls', folders: ['INBOX'] }],
    ['MultidropIMAPSSLRetriever', { protocol: 'imap', port: 993, tls: 'implicit' }],
  ])('as %s', (type, expected) => {
    expect(rc(`type = ${type}`)).toMatchObject(expected)
  })

  it('of IMAP has folders, and a list for each', () => {
    const source = rc(`type = SimpleIMAPSSLRetriever\nmailboxes = ("INBOX", 'INBOX.a/b', u'Entw\\'ürfe')`)
    expect(source).toMatchObject({
      folders: ['INBOX', 'INBOX.a/b', "Entw'ürfe"],
      stateFiles: [
        '/home/ann/conf/oldmail-pop.example-993-ann-INBOX',
        '/home/ann/conf/oldmail-pop.example-993-ann-INBOX.a.b',
        "/home/ann/conf/oldmail-pop.example-993-ann-Entw'ürfe",
      ],
    })
  })

  it.each([
    ['password = x', '', { kind: 'in-file' }],
    ['password_command = ("pass", "show", "x y")', '', { kind: 'command', command: ['pass', 'show', 'x y'] }],
    ['', 'use_netrc = true\nnetrc_file = ~/n', { kind: 'netrc', file: '/home/ann/n' }],
    ['use_xoauth2 = True', '', { kind: 'oauth' }],
    ['', '', { kind: 'elsewhere' }],
  ])('with %j and %j has its password there', (retriever, options, secret) => {
    const source = rc(`type = SimplePOP3Retriever\n${retriever}`, `[options]\n${options}\n`)
    expect(source?.secret).toMatchObject(secret)
  })

  it.each([
    ['', 'all'],
    ['delete = true', 'none'],
    ['delete = TRUE\ndelete_after = 3', 'none'],
    ['delete_after = 3', { days: 3 }],
    ['delete_after = 0', 'all'],
  ])('with %j keeps %j', (options, keep) => {
    expect(rc('type = SimplePOP3Retriever', `[options]\n${options}\n`)?.keep).toEqual(keep)
  })

  it.each([
    ['type = Maildir', /no path/],
    ['type = MDA_external\npath = /bin/x\narguments = ("-f", "%(sender)")', /cannot be said/],
    ['type = MDA_external\npath = /bin/x\narguments = (os.system("x"),)', /cannot be said/],
    ['type = MDA_lmtp\nhost = h', /recipient comes from the message/],
    ['type = MultiSorter\ndefault = [x]', /MultiSorter has no counterpart/],
    ["type = MultiDestination\ndestinations = ('[destination]', '[nowhere]')", /not there: destination/],
  ])('with the destination %j has none, and says why', (destination, reason) => {
    const source = rc('type = SimplePOP3Retriever', `[destination]\n${destination}\n`)
    expect(source?.to).toEqual([])
    expect(source?.remarks.join('\n')).toMatch(reason)
  })

  it.each([
    ['[retriever]\ntype = SimplePOP3Retriever\n', /no server/],
    ['[retriever]\nserver = h\ntype = __import__\n', /no type/],
    ['[retriever]\nhunter2\n', /^\/home\/ann\/conf\/rc, line 2: neither a section nor a setting$/],
    ['type = x\n', /line 1/],
  ])('with %j is refused, and nothing of it is shown', (text, message) => {
    expect(() => parseGetmailrc(text, place)).toThrow(message)
  })

  it('reads tuples and evaluates nothing', () => {
    expect(parseTuple(`('a', "b'c", 'd\\'e',)`)).toEqual(['a', "b'c", "d'e"])
    expect(parseTuple('()')).toEqual([])
    for (const text of ['ALL', "('a' 'b')", "('a'", '(a,)', "('a', 1)", `(${"'a',".repeat(10_000)})`])
      expect(parseTuple(text)).toBeUndefined()
  })
})

describe('mpop', () => {
  it('has accounts with defaults and what they inherit', () => {
    const { sources, remarks } = parseMpoprc(
      `# mine
defaults
tls on
delivery maildir ~/Mail/
uidls_file "~/uidls/%U at %H"

account one
host pop.example
user ann
password "a b"

account two : one
user a/b
tls_starttls off
keep
skipsize 2k
proxy_host 127.0.0.1
passwordeval gpg -d x | head -1
password
delivery mbox ~/mbox

account default : two
account empty
eval echo host x
`,
      place,
    )
    expect(sources).toMatchObject([
      {
        label: 'one',
        host: 'pop.example',
        port: undefined,
        tls: 'stls',
        keep: 'none',
        to: ['maildir:/home/ann/Mail'],
        stateFiles: ['/home/ann/uidls/ann at pop.example'],
      },
      {
        label: 'two',
        user: 'a/b',
        tls: 'implicit',
        keep: 'all',
        maxOctets: 2048,
        proxy: 'socks5h://127.0.0.1:1080',
        secret: { kind: 'command', command: 'gpg -d x | head -1' },
        to: ['mbox:/home/ann/mbox'],
        stateFiles: ['/home/ann/uidls/a/b at pop.example'],
      },
    ])
    expect(sources[0] && passwordOf(sources[0])).toBe('a b')
    expect(remarks).toEqual([
      expect.stringMatching(/line 24: what a command would print/),
      expect.stringMatching(/account empty has no host/),
    ])
  })

  it('goes on in clear on loopback only', () => {
    const tls = (host: string) => parseMpoprc(`account x\nhost ${host}\nuser u\n`, place).sources[0]?.tls
    expect(tls('127.0.0.1')).toBe('none')
    expect(tls('pop.example')).toBe('stls')
  })

  it.each([
    ['mda "/usr/bin/procmail -d ann"', ['command:/usr/bin/procmail -d ann'], undefined],
    [
      'mda /usr/bin/msmtp --host=localhost -- ann',
      ['command:/usr/bin/msmtp --host=localhost -- ann'],
      undefined,
    ],
    [`mda "/usr/bin/procmail -f '%F' -d $USER"`, [], /script/],
    ['mda "/usr/bin/procmail -d $USER"', ["command:/bin/sh -c '/usr/bin/procmail -d $USER'"], undefined],
    ['exchange /srv/pickup', [], /no counterpart/],
  ])('delivers by %s', (delivery, to, remark) => {
    const source = parseMpoprc(`account x\nhost h.example\ndelivery ${delivery}\n`, place).sources[0]
    expect(source?.to).toEqual(to)
    if (remark) expect(source?.remarks.join('\n')).toMatch(remark)
  })

  it.each([
    ['tls on\n', /line 1: a setting before/],
    ['account\n', /line 1: an account without/],
    ['account a : b\n', /line 1: it inherits/],
  ])('with %j is refused', (text, message) => {
    expect(() => parseMpoprc(text, place)).toThrow(message)
  })
})

describe('Thunderbird', () => {
  const prefs = (lines: readonly (readonly [string, unknown])[], server = 'server1') =>
    lines
      .map(([name, value]) => `user_pref("mail.server.${server}.${name}", ${JSON.stringify(value)});`)
      .join('\n')
  const pop3 = [
    ['type', 'pop3'],
    ['hostname', 'pop.example'],
    ['userName', 'an"n\\'],
  ] as const

  it('has its POP3 and IMAP servers, and no other', () => {
    const text = [
      '// Mozilla User Preferences',
      'user_pref("mail.server.server0.type", "none");',
      prefs([
        ...pop3,
        ['socketType', 3],
        ['port', 995],
        ['leave_on_server', true],
        ['directory-rel', '[ProfD]Mail/pop.example-1'],
      ]),
      prefs([...pop3, ['type', 'imap'], ['socketType', 2]], 'server2'),
      prefs(
        [
          ['type', 'rss'],
          ['hostname', 'Feeds'],
        ],
        'server3',
      ),
      'user_pref("mail.server.server4.type", evil());',
    ].join('\r\n')
    expect(parsePrefs(text, place).sources).toMatchObject([
      {
        protocol: 'pop3',
        host: 'pop.example',
        port: 995,
        user: 'an"n\\',
        tls: 'implicit',
        keep: 'all',
        to: [],
        stateFiles: ['/home/ann/conf/Mail/pop.example-1/popstate.dat'],
      },
      { protocol: 'imap', tls: 'stls', stateFiles: [] },
    ])
  })

  it.each([
    [[], 'all'],
    [[['leave_on_server', false]], 'none'],
    [
      [
        ['leave_on_server', true],
        ['delete_by_age_from_server', true],
      ],
      { days: 7 },
    ],
    [
      [
        ['leave_on_server', true],
        ['delete_by_age_from_server', true],
        ['num_days_to_leave_on_server', 14],
      ],
      { days: 14 },
    ],
    [
      [
        ['leave_on_server', true],
        ['num_days_to_leave_on_server', 14],
      ],
      'all',
    ],
  ] as const)('with %j keeps %j', (more, keep) => {
    expect(parsePrefs(prefs([...pop3, ...more]), place).sources[0]?.keep).toEqual(keep)
  })

  it('looks as often as it did, and takes as much', () => {
    const more = [
      ['check_new_mail', true],
      ['check_time', 3],
      ['limit_offline_message_size', true],
      ['max_size', 50],
      ['authMethod', 10],
    ] as const
    expect(parsePrefs(prefs([...pop3, ...more]), place).sources[0]).toMatchObject({
      everyMs: 180_000,
      maxOctets: 51_200,
      secret: { kind: 'oauth' },
    })
  })
})
