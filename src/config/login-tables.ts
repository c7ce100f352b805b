// The tables of logins: how passwords are kept and checked, and where accounts come from.
import { z } from 'zod'
import { choice, choices, count, describe, duration, flag, optionalText, path, size, url } from './key.ts'

/** Where accounts can come from, as `sources` in [auth] names them. */
export const accountSources = ['store', 'passwd-file', 'sql', 'ldap'] as const

/** The mechanisms of AUTH there are, and APOP. */
export const loginMechanisms = [
  'EXTERNAL',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'OAUTHBEARER',
  'XOAUTH2',
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'APOP',
] as const

export const auth = z
  .strictObject({
    sources: choices(
      accountSources,
      ['store'],
      'Where accounts come from: the first that knows a name answers. `"store"` are those of `poplar user`; the others have tables of their own below.',
    ),
    mechanisms: describe(z.array(z.literal(loginMechanisms)).optional(), {
      takes: `a list of ${loginMechanisms.map(name => `"${name}"`).join(', ')}`,
      byDefault: {
        inWords:
          'what channel and accounts allow; SCRAM only where every account has its keys, CRAM-MD5 where every password is recoverable',
        example: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN'],
      },
      description:
        'What AUTH may offer, and APOP; USER and PASS are always there. What is named here is offered even if some accounts cannot use it.',
    }),
    key_file: path(
      '/etc/poplar/secret.key',
      'The key that seals the passwords of accounts that opted in to CRAM-MD5 and APOP. Made when it is not there.',
      '`secret.key` in the data folder',
    ),
    scram_iterations: count(
      4096,
      4096,
      1_000_000,
      'Iterations of SCRAM keys. Counts for passwords set, or used in a login by password, from now on.',
    ),
    remember: duration(
      '5m',
      'How long a verified password is believed without being hashed again; kept in memory only, as a keyed hash; `"0"` turns this off.',
      { max: '1h' },
    ),
    concurrency: describe(z.int().min(1).max(64).optional(), {
      takes: 'a whole number from 1 to 64',
      byDefault: { inWords: 'the processors of the machine, less one, but at least 1', toml: '1' },
      description:
        'Password verifications at the same time; each takes `argon2_memory`, and gives way to everything else.',
    }),
    max_waiting: count(
      1000,
      1,
      1_000_000,
      'Logins that may wait for verification; the next is answered [SYS/TEMP].',
    ),
    argon2_memory: size(
      '19MiB',
      'Memory of one argon2id hash. Counts for passwords set, or used in a login by password, from now on.',
      { min: '8MiB', max: '4GiB' },
    ),
    argon2_passes: count(2, 1, 100, 'Passes of argon2id.'),
    argon2_lanes: count(1, 1, 16, 'Lanes of argon2id.'),
  })
  .prefault({})

export const throttle = z
  .strictObject({
    free_failures: count(
      3,
      0,
      1000,
      'Failed logins, of an address range or of an account, that are answered at once.',
    ),
    first_delay: duration(
      '250ms',
      'What the next one waits for its answer; each further one twice as long.',
      {
        max: '1m',
      },
    ),
    max_delay: duration('15s', 'What any waits at most; `"0"` delays nobody.', { max: '10m' }),
    failures_before_check: count(
      10,
      1,
      1_000_000,
      'From so many failures on, of a range or of an account, even the check of a password waits, and attempts take turns.',
    ),
    half_life: duration('5m', 'In how long the count of failures halves.', { min: '1s', max: '7d' }),
  })
  .prefault({})

export const oauth = z
  .strictObject({
    issuer: url(
      ['https', 'http'],
      'https://login.example.net',
      'Who issues the tokens for OAUTHBEARER and XOAUTH2: the `iss` of a JWT. Without it, and without `introspection`, tokens are not accepted.',
    ),
    audience: optionalText(
      /^[!-~]+$/,
      'printable ASCII',
      'poplar',
      'Whom tokens must be meant for: their `aud`.',
    ),
    jwks: url(
      ['https', 'http'],
      'https://login.example.net/keys',
      'Where the keys that sign tokens are. They are asked for again when a token has an unknown one, but not more often than every 30 seconds.',
      'what the issuer’s OpenID configuration says',
    ),
    introspection: url(
      ['https', 'http'],
      'https://login.example.net/introspect',
      'Where tokens are asked about (RFC 7662), instead of being verified here.',
    ),
    client_id: optionalText(/^[!-~]+$/, 'printable ASCII', 'poplar', 'Who asks there.'),
    client_secret: path('/etc/poplar/oauth.secret', 'The file with the secret of `client_id`.'),
    user_claim: describe(
      z
        .string()
        .regex(/^[\w.:/-]+$/)
        .prefault('email'),
      {
        takes: 'the name of a claim',
        byDefault: { value: 'email' },
        description:
          'The claim that names the account. `email` counts only where the token also says `email_verified`.',
      },
    ),
    scope: optionalText(/^[!-~]+$/, 'a scope', 'mail', 'What a token’s scope must contain.'),
  })
  .prefault({})

export const passwdFile = z
  .strictObject({
    file: path(
      '/etc/dovecot/users',
      'Lines `user:{SCHEME}hash`, as Dovecot’s passwd-file has them. Read again within two seconds when it changes; a file with a bad line is not used: the office does not start with it, or goes on with what it read before.',
    ),
  })
  .prefault({})

export const sql = z
  .strictObject({
    url: url(
      ['postgres', 'postgresql', 'sqlite'],
      'postgres://poplar@db.example.net/mail',
      'The database: PostgreSQL, or a file as `sqlite:/path`. The password is best left to `password_file`.',
    ),
    password_file: path('/etc/poplar/sql.password', 'The file with the password of the database.'),
    query: optionalText(
      /./,
      'a SQL query',
      'select password, quota, disabled from users where name = :name',
      'One row for the account `:name` (also `:local` and `:domain`), or none. Columns: `password` as in a passwd file, and where there are any `quota` in octets and `disabled`.',
    ),
  })
  .prefault({})

export const ldap = z
  .strictObject({
    url: url(['ldap', 'ldaps'], 'ldap://ldap.example.net', 'The directory server.'),
    start_tls: flag(false, 'Whether an `ldap:` connection goes over to TLS before anything is said on it.'),
    ca: path('/etc/poplar/ldap-ca.crt', 'Who signs the certificate of the server.', 'the usual ones'),
    bind_dn: optionalText(
      /./,
      'a distinguished name',
      'cn=poplar,dc=example,dc=net',
      'Who searches; anonymous without.',
    ),
    password_file: path('/etc/poplar/ldap.password', 'The file with the password of `bind_dn`.'),
    base: optionalText(
      /./,
      'a distinguished name',
      'ou=people,dc=example,dc=net',
      'Where the search begins.',
    ),
    filter: describe(
      z
        .string()
        .regex(/^\(.*\)$/)
        .prefault('(&(objectClass=inetOrgPerson)(uid=%u))'),
      {
        takes: 'a search filter in parentheses',
        byDefault: { value: '(&(objectClass=inetOrgPerson)(uid=%u))' },
        description:
          'What finds the one entry of an account; `%u` is its name, `%n` what is before the @, `%d` what is behind it.',
      },
    ),
    mode: choice(
      ['bind', 'compare'],
      'bind',
      'How a password is checked: the server does it, or `password_attribute` is read and compared here.',
    ),
    name_attribute: optionalText(
      /^[\w;-]+$/,
      'the name of an attribute',
      'uid',
      'What holds the name of the account, where a filter finds one entry by several names.',
    ),
    password_attribute: describe(
      z
        .string()
        .regex(/^[\w;-]+$/)
        .prefault('userPassword'),
      {
        takes: 'the name of an attribute',
        byDefault: { value: 'userPassword' },
        description: 'What `compare` reads.',
      },
    ),
    quota_attribute: optionalText(
      /^[\w;-]+$/,
      'the name of an attribute',
      'mailQuota',
      'What holds the quota, in octets.',
    ),
    disabled_attribute: optionalText(
      /^[\w;-]+$/,
      'the name of an attribute',
      'loginDisabled',
      'What locks an account unless it is FALSE, 0 or no; of `userAccountControl` the second bit.',
    ),
  })
  .prefault({})
