// Every key of the configuration: what it takes, its default, what it means. The documentation is made from this.
import { z } from 'zod'
import { collect, collector } from './collect-tables.ts'
import { control } from './control-tables.ts'
import { choice, count, describe, domainName, duration, listeners, size, text } from './key.ts'
import { limits } from './limit-tables.ts'
import { auth, ldap, oauth, passwdFile, sql, throttle } from './login-tables.ts'
import { intoFolders, maildrop } from './maildrop-tables.ts'
import { metrics, tracing } from './monitoring-tables.ts'
import { proxy } from './proxy-tables.ts'
import { audit, retention } from './retention-tables.ts'
import { acme, legacy, tls } from './tls-tables.ts'

/** The tables and keys of `poplar.toml`, under the names they have there. */
export const configSchema = z.strictObject({
  data: text(
    /^[^\0]+$/,
    './poplar-data',
    'the path of a folder',
    'The one folder that holds everything. A relative path starts at the folder of the configuration file, or at the working directory where there is no file.',
  ),
  hostname: describe(domainName.optional(), {
    takes: 'a domain name such as "mail.example.net"',
    byDefault: { inWords: "the machine's own name", example: 'mail.example.net' },
    description: 'The name of this server in greetings and Received fields.',
  }),
  domains: describe(z.array(domainName).optional(), {
    takes: 'a list of domain names such as ["example.net"]',
    byDefault: { inWords: '`hostname` and `"localhost"`', example: ['example.net', 'localhost'] },
    description: 'The domains this office receives mail for.',
  }),
  retention,
  listen: z
    .strictObject({
      pop3: listeners('POP3', '127.0.0.1:1110'),
      pop3s: listeners('POP3 over TLS', '127.0.0.1:1995', ', and a certificate'),
      pop2: listeners('POP2, the protocol before POP3, without any TLS,'),
      smtp: listeners('SMTP', '127.0.0.1:1025'),
      lmtp: listeners('LMTP', '127.0.0.1:1024'),
    })
    .optional(),
  pop3: z
    .strictObject({
      autologout: duration(
        '10m',
        'A session idle for this long is closed and deletes nothing. RFC 1939 section 3 allows no less than ten minutes.',
        { min: '10m', max: '7d' },
      ),
      login_timeout: duration(
        '10m',
        'The same before login. RFC 1939 section 3 makes no difference and asks for ten minutes; less is of use under attack.',
        { min: '10s', max: '7d' },
      ),
      write_timeout: duration('2m', 'How long a peer may take nothing of what is sent to it.', {
        min: '10s',
        max: '1h',
      }),
      max_sessions: count(10_000, 1, 1_000_000, 'Sessions at the same time; the next is turned away.'),
      max_sessions_per_address: count(
        100,
        1,
        1_000_000,
        'Sessions at the same time from one IPv4 address or IPv6 /64 network; this machine itself is not counted.',
      ),
      login_delay: duration(
        '0',
        'The least time from one login of an account to the next: one that comes earlier is refused with [LOGIN-DELAY], RFC 2449 section 6.5. `poplar user set --login-delay` says otherwise for one account. A restart forgets who was there.',
        { max: '24h' },
      ),
      implementation: text(
        /^([!-~]+( [!-~]+)*)?$/,
        'Poplar',
        'printable ASCII, words parted by single spaces',
        'The text of the IMPLEMENTATION capability, RFC 2449 section 6.9; `""` keeps it to itself.',
      ),
      language: choice(
        ['en', 'ru', 'zh'],
        'en',
        'The language of replies to a client that asks for the one this server prefers, `LANG *`. Others hear English until they ask.',
      ),
    })
    .prefault({}),
  smtp: z
    .strictObject({
      size: size('50MiB', 'The largest message SMTP and LMTP take.', { min: '64KiB', max: '2GiB' }),
      bare_newline: choice(
        ['normalize', 'reject'],
        'normalize',
        'A line that ends with LF alone: `"normalize"` makes it CRLF, `"reject"` refuses the message with 554 5.6.0. Neither ever ends the message (SMTP smuggling).',
      ),
      max_recipients: count(
        1000,
        100,
        100_000,
        'Recipients of one message. RFC 5321 section 4.5.3.1.8 asks for 100.',
      ),
      max_sessions: count(1000, 1, 1_000_000, 'Sessions at the same time, for SMTP and for LMTP each.'),
      max_sessions_per_address: count(100, 1, 1_000_000, 'As in `[pop3]`.'),
      timeout: duration(
        '5m',
        'A session idle for this long is closed. RFC 5321 section 4.5.3.2.7 asks for five minutes.',
        {
          min: '1s',
          max: '1h',
        },
      ),
    })
    .prefault({}),
  limits,
  delivery: z
    .strictObject({
      subaddress: text(
        /^([!#$%&*+/=?^_|~-])?$/,
        '+',
        'one of the characters !#$%&*+-/=?^_|~, or "" for none',
        'The character that parts a name from its detail: mail to `ann+lists` goes to `ann`. `""` turns sub-addressing off.',
      ),
      quota: size(
        '0',
        'What a new account may hold, unless `poplar user add --quota` says otherwise; `"0"` is without limit.',
      ),
      ...intoFolders,
    })
    .prefault({}),
  store: z
    .strictObject({
      undelete: duration(
        '7d',
        'How long deleted messages can be brought back with `poplar undelete`; `"0"` frees them at the next cleaning.',
        { max: '3650d' },
      ),
      audit,
      cache: size(
        '64MiB',
        'How much of the mail is kept in memory once it was read, messages above 1 MiB excepted; `"0"` keeps none.',
        { max: '1GiB' },
      ),
    })
    .prefault({}),
  control,
  maildrop,
  tls,
  acme,
  legacy,
  proxy,
  auth,
  throttle,
  oauth,
  passwd_file: passwdFile,
  sql,
  ldap,
  metrics,
  tracing,
  log: z
    .strictObject({
      level: choice(['debug', 'info', 'warn', 'error'], 'info', 'The least important lines that are logged.'),
      format: choice(
        ['auto', 'json', 'pretty'],
        'auto',
        'How lines look: JSON, or for people. `"auto"` is pretty where standard error is a terminal.',
      ),
    })
    .prefault({}),
  collector,
  collect,
})

/** The configuration as the schema gives it, before defaults that depend on others are filled in. */
export type ParsedConfig = z.output<typeof configSchema>
