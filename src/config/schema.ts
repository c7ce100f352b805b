// Every key of the configuration: what it takes, its default, what it means. The documentation is made from this.
import { z } from 'zod'
import { domainFault } from '../mail/account-name.ts'
import { foldName } from '../mail/fold.ts'
import { parseListenAddress } from '../net/listener.ts'
import { parseMilliseconds, parseOctets } from './quantities.ts'

/** What is known of a key besides its schema. */
export interface KeyFacts {
  /** Goes on after "must be". */
  readonly takes: string
  readonly description: string
  readonly byDefault: KeyDefault
}

/** A value as TOML has it; or, where it depends on something else, words and a value to show. */
export type KeyDefault =
  | { readonly value: string | number | boolean }
  | { readonly inWords: string; readonly example: string | readonly string[] }

const facts = z.registry<KeyFacts>()

/** The facts of a key's schema; undefined for a table's. */
export function factsOf(schema: z.core.$ZodType): KeyFacts | undefined {
  return facts.get(schema)
}

function describe<S extends z.ZodType>(schema: S, about: KeyFacts): S {
  facts.add(schema, about)
  return schema
}

/** A text, or a number where `accepts` has numbers, that `parse` understands; it throws, or gives undefined, for all others. */
function parsed<T>(parse: (text: string) => T | undefined, accepts: z.ZodType<string | number> = z.string()) {
  return accepts.transform((value, context) => {
    try {
      const result = parse(String(value))
      if (result !== undefined) return result
    } catch {
      // The one complaint below serves every reason.
    }
    context.addIssue({ code: 'custom', message: '' })
    return z.NEVER
  })
}

interface Limits {
  readonly min?: string
  readonly max?: string
  /** What 0 means, where it is allowed below `min`. */
  readonly zero?: string
}

function quantity(
  noun: string,
  parse: (text: string) => number,
  byDefault: string,
  description: string,
  { min, max, zero }: Limits,
) {
  const [least, most] = [min === undefined ? 0 : parse(min), max === undefined ? Infinity : parse(max)]
  const within = (text: string) => {
    const value = parse(text)
    return (value >= least && value <= most) || (value === 0 && zero !== undefined) ? value : undefined
  }
  const bounds = [min && `at least ${min}`, max && `at most ${max}`].filter(Boolean).join(' and ')
  const example = byDefault === '0' ? noun : `${noun} such as "${byDefault}"`
  return describe(parsed(within, z.union([z.string(), z.number()])).prefault(byDefault), {
    takes: [example, bounds, zero && `or "0": ${zero}`].filter(Boolean).join(', '),
    byDefault: { value: byDefault },
    description,
  })
}

function duration(byDefault: string, description: string, limits: Limits = {}) {
  return quantity('a duration', parseMilliseconds, byDefault, description, limits)
}

function size(byDefault: string, description: string, limits: Limits = {}) {
  return quantity('a size', parseOctets, byDefault, description, limits)
}

function count(byDefault: number, min: number, max: number, description: string) {
  return describe(z.int().min(min).max(max).prefault(byDefault), {
    takes: `a whole number from ${min} to ${max}`,
    byDefault: { value: byDefault },
    description,
  })
}

function choice<const T extends string>(choices: readonly T[], byDefault: NoInfer<T>, description: string) {
  return describe(z.literal(choices).default(byDefault), {
    takes: choices.map(text => `"${text}"`).join(' or '),
    byDefault: { value: byDefault },
    description,
  })
}

function text(pattern: RegExp, byDefault: string, takes: string, description: string) {
  return describe(z.string().regex(pattern).prefault(byDefault), {
    takes,
    byDefault: { value: byDefault },
    description,
  })
}

const domainName = parsed(text => (domainFault(foldName(text)) ? undefined : foldName(text)))
const listenAddress = parsed(parseListenAddress)

function listeners(protocol: string, defaultAddress: string) {
  const schema = z
    .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(listenAddress))
    .default([])
  return describe(schema, {
    takes: '"address:port", or a list of them; the address an IP address or localhost, IPv6 in brackets',
    byDefault: {
      inWords: `not served; \`"${defaultAddress}"\` where there is no \`[listen]\` at all`,
      example: defaultAddress,
    },
    description: `Where ${protocol} is served: \`"address:port"\`, or a list of them. Port 0 takes any free port.`,
  })
}

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
  listen: z
    .strictObject({
      pop3: listeners('POP3', '127.0.0.1:1110'),
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
      implementation: text(
        /^([!-~]+( [!-~]+)*)?$/,
        'Poplar',
        'printable ASCII, words parted by single spaces',
        'The text of the IMPLEMENTATION capability, RFC 2449 section 6.9; `""` keeps it to itself.',
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
    })
    .prefault({}),
  store: z
    .strictObject({
      undelete: duration(
        '7d',
        'How long deleted messages can be brought back with `poplar undelete`; `"0"` frees them at the next cleaning.',
        { max: '3650d' },
      ),
      cache: size(
        '64MiB',
        'How much of the mail is kept in memory once it was read, messages above 1 MiB excepted; `"0"` keeps none.',
        { max: '1GiB' },
      ),
    })
    .prefault({}),
  auth: z
    .strictObject({
      cleartext: choice(
        ['loopback', 'anywhere'],
        'loopback',
        'Where passwords may travel in clear. `"loopback"`: POP3 is served on this machine only. `"anywhere"`: on every address of `[listen]`, where everybody on the way can read them.',
      ),
      remember: duration(
        '5m',
        'How long a verified password is believed without being hashed again; kept in memory only, as a keyed hash; `"0"` turns this off.',
        { max: '1h' },
      ),
      concurrency: count(2, 1, 64, 'Password verifications at the same time; each takes `argon2_memory`.'),
      max_waiting: count(
        1000,
        1,
        1_000_000,
        'Logins that may wait for verification; the next is answered [SYS/TEMP].',
      ),
      argon2_memory: size('19MiB', 'Memory of one argon2id hash. Counts for passwords set from now on.', {
        min: '8MiB',
        max: '4GiB',
      }),
      argon2_passes: count(2, 1, 100, 'Passes of argon2id.'),
      argon2_lanes: count(1, 1, 16, 'Lanes of argon2id.'),
    })
    .prefault({}),
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
})

/** The configuration as the schema gives it, before defaults that depend on others are filled in. */
export type ParsedConfig = z.output<typeof configSchema>
