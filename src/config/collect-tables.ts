// The tables of the collector: `[[collect]]`, one for each source, and `[collector]`, what all of them share.
import { z } from 'zod'
import { parseAccountName } from '../mail/account-name.ts'
import { parseHeaderRule } from '../mail/delivery/header-rule.ts'
import { passwordMechanisms } from '../mail/password-mechanisms.ts'
import { quirkNames } from '../mail/server-quirks.ts'
import { parseProxy } from '../net/proxies/proxy.ts'
import { filePath, pins, secretKeys, secrets, takesCommand, words } from './collect-secrets.ts'
import { isUserName, parseCollectServer } from './collect-server.ts'
import { choice, count, describe, duration, parsed, path, url } from './key.ts'
import { parseMilliseconds, parseOctets } from './quantities.ts'

/** Of addresses, and of what begins with the name of another kind of destination. */
const destinationForm =
  /^(?:(?:maildir|mbox|command):[^\0]+|lmtp\+unix:\/[^\0]+|(?:lmtp|smtps?|imaps?):\/\/[^\0\s]+)$/

const destination = parsed(text => {
  if (destinationForm.test(text)) return text
  return /^[a-z+]+:/i.test(text) ? undefined : parseAccountName(text) && text
})

const toTable = z.strictObject({
  to: destination,
  user: parsed(text => (isUserName(text) ? text : undefined)).optional(),
  ca: filePath.optional(),
  pin: pins.optional(),
  ...secretKeys,
})

/** EXTERNAL has no password: the certificate of the client lets it in. */
const loginMechanisms = [...passwordMechanisms, 'EXTERNAL'] as const

const day = parsed(text => {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  return date?.toJSON()?.startsWith(text) ? date : undefined
})

const keep = parsed(text => {
  if (text === 'all' || text === 'none') return text
  return { days: parseMilliseconds(text) / 86_400_000 }
})

const where = {
  name: describe(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/), {
    takes: 'a name of at most 64 letters, digits and ._@+-, a letter or a digit first',
    byDefault: { inWords: 'must be given', example: 'old-account' },
    description:
      'What the source is called, here and in `poplar collect`. What is known of it is kept under this name: a source with a new name begins anew.',
  }),
  server: describe(parsed(parseCollectServer), {
    takes:
      'a URL such as "pop3s://pop.example.net" (pop3s:, pop3:, imaps: or imap:), with a user perhaps, but no password',
    byDefault: { inWords: 'must be given', example: 'pop3s://pop.example.net' },
    description:
      'Where the mail is. `pop3s:` and `imaps:` have TLS from the start; the user may stand in it, percent-encoded.',
  }),
  user: describe(parsed(text => (isUserName(text) ? text : undefined)).optional(), {
    takes: 'a user name, without control characters',
    byDefault: { inWords: 'the one in `server`', example: 'ann@example.net' },
    description: 'Who logs in there. For Gmail by POP3, `recent:ann@gmail.com` shows the last 30 days.',
  }),
  tls: describe(z.literal(['stls', 'opportunistic', 'none']).optional(), {
    takes: '"stls" or "opportunistic" or "none"',
    byDefault: {
      inWords: '`"stls"`; `"opportunistic"` for a server on this machine itself',
      example: 'stls',
    },
    description:
      'With `pop3:` and `imap:`, whether the connection goes over to TLS (STLS, in IMAP STARTTLS, RFC 2595): it must, it does where it can, or it does not.',
  }),
  allow_cleartext: describe(z.boolean().optional(), {
    takes: 'true or false',
    byDefault: { inWords: 'false; true for a server on this machine itself', toml: 'false' },
    description:
      'Whether a password may go out without TLS: everybody on the way can read it, and the mail with it.',
  }),
  pin: describe(pins.optional(), {
    takes: 'the SHA-256 of a public key as "sha256/<base64>", or a list of them',
    byDefault: { inWords: 'none', example: 'sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' },
    description:
      'The server must have one of these keys; nobody else has to vouch for its certificate then, unless `ca` is given. `poplar probe` shows the key of a server.',
  }),
  ca: path(
    '/etc/poplar/isp-ca.crt',
    'Who signs the certificate of the server, or that certificate itself, in PEM, trusted besides the usual ones.',
  ),
  cert: path(
    '/etc/poplar/ann.crt',
    'The certificate that is shown to a server that asks who the client is, in PEM, with those that lead to its authority behind it.',
  ),
  key: path(
    '/etc/poplar/ann.key',
    'The key of that certificate, in PEM and not encrypted; only its owner may read the file.',
    'in `cert`',
  ),
  proxy: describe(parsed(text => (parseProxy(text) ? text : undefined)).optional(), {
    takes: 'a URL that begins with socks5:, socks5h: or http:',
    byDefault: { inWords: 'none', example: 'socks5h://127.0.0.1:9050' },
    description: 'Through which the server is reached. `socks5h:` leaves looking up its name to the proxy.',
  }),
  folders: describe(
    z
      .array(z.string().regex(/^[^\0\r\n]{1,500}$/))
      .min(1)
      .optional(),
    {
      takes: 'a list of names such as ["INBOX", "Sent"]',
      byDefault: { inWords: '`["INBOX"]`', example: ['INBOX'] },
      description: 'Of an IMAP server, the folders that are collected.',
    },
  ),
  mechanisms: describe(z.array(z.literal(loginMechanisms)).min(1).optional(), {
    takes: `a list of ${loginMechanisms.map(name => `"${name}"`).join(', ')}`,
    byDefault: { inWords: 'all but APOP, CRAM-MD5 and EXTERNAL, the safest first', example: ['APOP'] },
    description:
      'How a password is proved to a POP3 server, the first that it has. APOP and CRAM-MD5 are weak: only what is named here uses them. `["EXTERNAL"]` logs in by `cert` instead, without a password.',
  }),
  quirks: describe(z.array(z.literal(quirkNames)).min(1).optional(), {
    takes: `a list of ${quirkNames.map(name => `"${name}"`).join(', ')}`,
    byDefault: { inWords: 'what is known of servers of its kind', example: ['one-at-a-time'] },
    description:
      'What a POP3 server does its own way, beyond what its host name and its greeting tell: the name of a known server, or single quirks (docs/collector.md).',
  }),
}

const policy = {
  to: describe(
    z.preprocess(
      (value): unknown[] => (Array.isArray(value) ? value : [value]),
      z
        .array(z.union([destination, toTable]))
        .min(1)
        .max(20),
    ),
    {
      takes:
        'a destination, or a list of them: an address of this office, "maildir:/path", "mbox:/path", "lmtp://host:port/recipient", "lmtp+unix:/path?to=recipient", "smtp://host:port/recipient", "imaps://user@host/Folder", "command:/path arguments"; or a table with it as `to` and its own `password_file` or the like',
      byDefault: { inWords: 'must be given', example: 'ann' },
      description: 'Where the mail goes. With several, a message counts as stored when all of them have it.',
    },
  ),
  every: duration('5m', 'How often the source is asked; `"0"` is by hand only.', {
    min: '10s',
    max: '30d',
    zero: 'by hand only',
  }),
  keep: describe(keep.prefault('all'), {
    takes: '"all", "none", or a duration such as "14d"',
    byDefault: { value: 'all' },
    description:
      'What stays at the source: everything, nothing that is stored here, or what was stored here less long ago than that.',
  }),
  max_size: describe(parsed(parseOctets, z.union([z.string(), z.number()])).optional(), {
    takes: 'a size such as "50MiB"',
    byDefault: { inWords: 'without limit', example: '50MiB' },
    description: 'Larger messages stay where they are.',
  }),
  large: choice(
    ['tell', 'skip'],
    'tell',
    'What becomes of those: `"tell"` delivers a note with their header instead, `"skip"` only lists them.',
  ),
  batch: describe(z.int().min(1).max(1_000_000).optional(), {
    takes: 'a whole number from 1 to 1000000',
    byDefault: { inWords: 'without limit', toml: '1000' },
    description: 'Messages that one run fetches; the next goes on.',
  }),
  commit_every: count(
    100,
    1,
    100_000,
    'Messages after which deletions are made good, and a new session begins; no fewer than a fiftieth of all.',
  ),
  since: describe(day.optional(), {
    takes: 'a day as "YYYY-MM-DD"',
    byDefault: { inWords: 'all of it', example: '2026-01-01' },
    description: 'On the first run, older messages are left alone.',
  }),
  newest: describe(z.int().min(0).max(10_000_000).optional(), {
    takes: 'a whole number from 0 to 10000000',
    byDefault: { inWords: 'all of it', toml: '100' },
    description: 'On the first run, all but so many are left alone.',
  }),
  filters: describe(
    z
      .array(z.strictObject({ header: parsed(parseHeaderRule), do: z.literal('skip').prefault('skip') }))
      .max(100)
      .default([]),
    {
      takes: 'a list of tables with `header` such as "X-Spam-Flag: YES", and `do = "skip"`',
      byDefault: { inWords: 'none', toml: '[{ header = "X-Spam-Flag: YES", do = "skip" }]' },
      description:
        'What is left alone, seen in its header before it is fetched: name and first word are compared without regard to case.',
    },
  ),
}

export const collect = z
  .array(z.strictObject({ ...where, ...secrets, ...policy }))
  .max(10_000)
  .default([])

export const collector = z
  .strictObject({
    at_once: count(16, 1, 1000, 'Sources that are asked at the same time.'),
    spool: path(
      '/var/spool/poplar',
      'Where a message waits from the first octet fetched to the last destination that has it.',
      '`spool` in the data folder',
    ),
    tokens: path(
      '/var/lib/poplar/tokens',
      'Where OAuth2 tokens are kept, encrypted with `key_file` in [auth], or with the key in the variable POPLAR_KEY.',
      '`tokens` in the data folder',
    ),
    notify_url: url(
      ['https', 'http'],
      'https://hooks.example.net/collector',
      'Where a notice is sent as JSON by HTTP POST when a source needs a person.',
    ),
    notify_command: describe(words.optional(), {
      takes: takesCommand,
      byDefault: { inWords: 'none', example: ['/usr/local/bin/tell-me'] },
      description: 'The program that gets such a notice as JSON on its standard input.',
    }),
  })
  .prefault({})
