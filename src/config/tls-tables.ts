// The tables of TLS: certificates of one's own, certificates by ACME, and devices that can do neither.
import { z } from 'zod'
import {
  choice,
  describe,
  domainName,
  duration,
  flag,
  listenAddress,
  listeners,
  network,
  optionalText,
  path,
  url,
} from './key.ts'

const file = z.string().regex(/^[^\0]+$/)

export const tls = z
  .strictObject({
    cert: path(
      '/etc/poplar/mail.example.net.crt',
      'The certificate and its chain, in PEM. Read again within two seconds when the file changes.',
    ),
    key: path('/etc/poplar/mail.example.net.key', 'The private key of `cert`, in PEM, without a passphrase.'),
    certificate: describe(z.array(z.strictObject({ cert: file, key: file })).default([]), {
      takes: 'a list of tables with `cert` and `key`',
      byDefault: { inWords: 'none', toml: '[{ cert = "example.org.crt", key = "example.org.key" }]' },
      description:
        'More certificates, also written `[[tls.certificate]]`: a client gets the one that has the name it asked for (SNI), or the first.',
    }),
    required: describe(z.boolean().optional(), {
      takes: 'true or false',
      byDefault: { inWords: 'true for everybody but this machine itself', toml: 'true' },
      description:
        'Whether a login needs TLS: without it USER, PASS, APOP and AUTH are refused and not announced. `false` lets everybody on the way read passwords.',
    }),
    client_ca: path(
      '/etc/poplar/clients-ca.crt',
      'Certificates of authorities, in PEM: clients are asked for a certificate, and may log in with one of theirs by AUTH EXTERNAL. The account is named by a mail address among the alternative names; where there is none, by the address of the subject, or its common name.',
    ),
    handshake_timeout: duration('30s', 'A handshake that takes longer is given up.', {
      min: '1s',
      max: '5m',
    }),
  })
  .prefault({})

export const acme = z
  .strictObject({
    domains: describe(z.array(domainName).default([]), {
      takes: 'a list of domain names such as ["mail.example.net"]',
      byDefault: { inWords: 'none: no certificate is asked for', example: ['mail.example.net'] },
      description:
        'Names of one certificate that is obtained and renewed by itself from an ACME server (RFC 8555), such as Let’s Encrypt.',
    }),
    agree_terms: flag(
      false,
      'Whether you agree to the terms of service of the ACME server; it asks for that.',
    ),
    contact: optionalText(
      /^[^\s@]+@[^\s@]+$/,
      'a mail address',
      'postmaster@example.net',
      'Where the ACME server may write to.',
    ),
    server: url(
      ['https'],
      'https://acme-staging-v02.api.letsencrypt.org/directory',
      'The directory of the ACME server.',
      "Let's Encrypt",
    ),
    challenge: choice(
      ['http-01', 'tls-alpn-01'],
      'http-01',
      'How the ACME server sees that the names are yours: by HTTP on port 80, or by TLS on port 443.',
    ),
    listen: describe(
      z
        .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(listenAddress))
        .optional(),
      {
        takes: '"address:port", or a list of them; the address an IP address or localhost, IPv6 in brackets',
        byDefault: { inWords: '`"0.0.0.0:80"`, for tls-alpn-01 `"0.0.0.0:443"`', example: '0.0.0.0:80' },
        description: 'Where the challenge is answered, only while there is one.',
      },
    ),
    ca: path(
      '/etc/poplar/acme-ca.crt',
      'Who signs the certificate of the ACME server itself.',
      'the usual ones',
    ),
    eab_kid: optionalText(
      /^[!-~]+$/,
      'printable ASCII',
      'kid-1',
      'The key identifier of an external account binding, where the server asks for one.',
    ),
    eab_key: path('/etc/poplar/acme-eab.key', 'The file with its HMAC key, in base64url.'),
  })
  .prefault({})

export const legacy = z
  .strictObject({
    pop3: listeners('POP3 for old devices'),
    pop3s: listeners('POP3 over old TLS for old devices'),
    networks: describe(z.array(network).default([]), {
      takes: 'a list of addresses and ranges such as ["192.0.2.7", "192.0.2.0/24"]',
      byDefault: { inWords: 'none', example: ['192.0.2.7'] },
      description: 'Who is let in there; nobody else is.',
    }),
    tls: choice(
      ['none', 'TLSv1'],
      'none',
      'The best the devices can: no TLS at all, or TLS from version 1.0 on, by POP3S or STLS, and then nothing in clear. Every login is logged with a warning.',
    ),
  })
  .prefault({})
