// The keys by which a source or a destination of the collector gets its password or its tokens; none of them holds one.
import { z } from 'zod'
import { commandWords } from '../mail/command-words.ts'
import { describe, parsed } from './key.ts'

/** Providers that are known by name. */
const oauthProviders = ['gmail', 'outlook', 'yahoo', 'mail.ru', 'yandex'] as const

export const filePath = z.string().regex(/^[^\0]+$/)
export const words = z.union([
  parsed(commandWords),
  z
    .array(z.string().regex(/^[^\0]*$/))
    .min(1)
    .refine(([program = '']) => program !== ''),
])
export const takesCommand =
  'a program with its arguments, as a text without anything that only a shell understands, or as a list such as ["sh", "-c", "..."]'
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
const pin = z.string().regex(/^sha256\/[A-Za-z0-9+/]{43}=$/)
export const pins = z.preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(pin))
const attributes = z
  .array(z.string().regex(/^[^\0]+$/))
  .min(2)
  .refine(({ length }) => length % 2 === 0)

/** An issuer: https, or http on this machine. */
const issuer = parsed(text => {
  const { protocol, hostname } = new URL(text)
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? text : undefined
})

const oauth = z.strictObject({
  provider: z.union([z.literal(oauthProviders), issuer]),
  client_id: z.string().regex(/^[!-~]+$/),
  client_secret: filePath.optional(),
  flow: z.literal(['device', 'browser']).optional(),
  scope: z
    .string()
    .regex(/^[!-~]+( [!-~]+)*$/)
    .optional(),
  redirect_port: z.int().min(1).max(65_535).optional(),
})

/** One way to a password or a token each. */
export const secretKeys = {
  password_file: filePath.optional(),
  password_env: variable.optional(),
  password_command: words.optional(),
  netrc: z.union([z.literal(true), filePath]).optional(),
  keyring: z.union([z.literal(true), attributes]).optional(),
  oauth: oauth.optional(),
}

/** The same, as keys of `[[collect]]`. */
export const secrets = {
  password_file: describe(secretKeys.password_file, {
    takes: 'the path of a file',
    byDefault: { inWords: 'none', example: '/etc/poplar/old-account.password' },
    description:
      'The file whose first line is the password; only its owner may read it. Of the six ways to a password or token, one is to be named; with none, `poplar collect run` asks, and the schedule leaves the source out.',
  }),
  password_env: describe(secretKeys.password_env, {
    takes: 'the name of a variable',
    byDefault: { inWords: 'none', example: 'OLD_ACCOUNT_PASSWORD' },
    description: 'The variable of the environment that holds the password.',
  }),
  password_command: describe(secretKeys.password_command, {
    takes: takesCommand,
    byDefault: { inWords: 'none', example: ['pass', 'show', 'mail/old-account'] },
    description:
      'The program that prints the password, its first line. It is run without a shell, has 30 seconds, and its environment is ours.',
  }),
  netrc: describe(secretKeys.netrc, {
    takes: 'true, or the path of a file',
    byDefault: { inWords: 'none', toml: 'true' },
    description: 'Whether the password stands in `~/.netrc`, or in that file, for server and user.',
  }),
  keyring: describe(secretKeys.keyring, {
    takes: 'true, or a list of attributes and values such as ["service", "mail", "user", "ann"]',
    byDefault: { inWords: 'none', toml: 'true' },
    description:
      'Whether the password is in the keyring of the desktop, which `secret-tool` asks; `true` looks for `host`, `service` (pop3 or imap) and `user`, as mpop does.',
  }),
  oauth: describe(secretKeys.oauth, {
    takes: `a table with \`provider\` (${oauthProviders.map(name => `"${name}"`).join(', ')}, or the https URL of an OpenID issuer) and \`client_id\`, and perhaps \`client_secret\` (the path of a file), \`flow\` ("device" or "browser"), \`scope\` and \`redirect_port\``,
    byDefault: { inWords: 'none', toml: '{ provider = "gmail", client_id = "..." }' },
    description:
      'OAuth2 instead of a password: `poplar collect login NAME` asks once, and the tokens are kept encrypted. The client identifier is your own, registered with the provider (docs/collector-logins.md).',
  }),
}
