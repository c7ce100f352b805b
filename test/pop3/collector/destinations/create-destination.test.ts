// Destinations as text: what each form comes to, and what is said of those that are none.
import { expect, it } from 'vitest'
import type { MailDelivery } from '../../../../src/mail/delivery/deliver.ts'
import type { Trust } from '../../../../src/net/tls/trust.ts'
import {
  createDestination,
  type DestinationParts,
} from '../../../../src/pop3/collector/destinations/create-destination.ts'
import { remoteUrl } from '../../../../src/pop3/collector/destinations/remote-url.ts'

const secret = () => Promise.resolve({ kind: 'password', password: 'p' } as const)
const parts: DestinationParts = { delivery: {} as MailDelivery, hostname: 'mx.example.org' }

it.each([
  ['ann', 'mailbox ann', 'exactly-once'],
  ['ann+lists@example.net', 'mailbox ann+lists@example.net', 'exactly-once'],
  ['maildir:/srv/mail/ann', 'maildir /srv/mail/ann', 'exactly-once'],
  ['mbox:/var/mail/ann', 'mbox /var/mail/ann', 'exactly-once'],
  ['command:/usr/bin/rspamc -h localhost "two words"', 'command /usr/bin/rspamc', 'at-least-once'],
  ['lmtp://127.0.0.1/ann@example.net', 'LMTP 127.0.0.1:24 for ann@example.net', 'at-least-once'],
  ['lmtp://[::1]:2400/ann', 'LMTP ::1:2400 for ann', 'at-least-once'],
  ['lmtp+unix:/run/dovecot/lmtp?to=ann', 'LMTP /run/dovecot/lmtp for ann', 'at-least-once'],
  [
    'smtp://mx.example.net/ann@example.net?from=me@example.net',
    'SMTP mx.example.net:25 for ann@example.net',
    'at-least-once',
  ],
  [
    'smtps://mx.example.net/ann%25x@example.net',
    'SMTP mx.example.net:465 for ann%x@example.net',
    'at-least-once',
  ],
])('%s is %s, %s', (text, description, promise) => {
  expect(createDestination(text, parts)).toMatchObject({ name: text, description, promise })
})

it('an IMAP folder has its user from the URL or from beside it', () => {
  expect(
    createDestination('imaps://ann%40x@imap.example.net/Alte%20Post', { ...parts, secret }),
  ).toMatchObject({
    description: 'IMAP ann@x@imap.example.net:993, folder Alte Post',
    promise: 'exactly-once',
  })
  expect(createDestination('imap://localhost:1143/INBOX', { ...parts, user: 'ann', secret })).toMatchObject({
    description: 'IMAP ann@localhost:1143, folder INBOX',
  })
})

it.each([
  ['ftp://x/y', /is no destination: ftp: is none of maildir:, mbox:/],
  ['constructor:x', /is no destination/],
  ['maildir:relative', /needs a path that begins with \//],
  ['mbox:', /needs a path/],
  ['command:/bin/sh -c "a | b" | c', /a shell is not asked/],
  ['command:cat', /needs a path/],
  ['lmtp://', /names no server|is no URL/],
  ['lmtp://host', /names no recipient: lmtp:\/\/host\/ann/],
  ['lmtp://host/a%0D%0AQUIT', /for an address/],
  ['lmtp://host/a%zz', /% that stands for nothing/],
  ['lmtp+unix:/path', /must be lmtp\+unix:\/path\?to=recipient/],
  ['lmtp+unix:/path?to=a%0Ab', /for an address/],
  ['smtp://host/ann?tls=maybe', /tls=maybe, which is none of required, offered, none/],
  ['smtp://host/ann?from=a%0Ab', /for an address/],
  ['smtp://ann@host/ann', /has a user, but no way to a password/],
  ['imaps://host/INBOX', /needs a user/],
  ['imaps://ann@host', /has a user, but no way|names no folder/],
])('%s: %s', (text, message) => {
  expect(() => createDestination(text, parts)).toThrow(message)
})

it('never shows a password that somebody wrote into a URL, nor sends one in clear', () => {
  expect(() => createDestination('smtps://ann:hunter2@host/x', { ...parts, secret })).toThrow(
    /^a destination has a password/,
  )
  expect(() => createDestination('smtp://ann@mx.example.net/x?tls=none', { ...parts, secret })).toThrow(
    /in clear/,
  )
  expect(() => createDestination('smtp://mx.example.net/x', { ...parts, secret })).toThrow(/but no user/)
})

it('an address needs an office', () => {
  expect(() => createDestination('ann', { ...parts, delivery: undefined })).toThrow(/not at hand/)
})

it.each([
  ['smtp://127.0.0.1/x', false, 'none'],
  ['smtp://mx.example.net/x', false, 'offered'],
  ['smtp://mx.example.net/x?tls=required', false, 'required'],
  ['smtp://ann@mx.example.net/x', true, 'required'],
  ['smtp://ann@localhost/x', true, 'none'],
  ['smtps://ann@mx.example.net/x', true, 'implicit'],
])('%s (login: %s) has TLS %s', (text, logsIn, tls) => {
  const url = remoteUrl(text, { port: 25, implicitPort: 465, secret: logsIn ? secret : undefined })
  expect(url.tls).toBe(tls)
})

it('a key or an authority that is named asks for TLS, on this machine as well', () => {
  const tlsWith = (trust: Trust) =>
    remoteUrl('smtp://localhost/x', { port: 25, implicitPort: 465, trust }).tls
  expect(tlsWith({ pins: ['sha256/x'] })).toBe('required')
  expect(tlsWith({ authority: 'PEM' })).toBe('required')
  expect(tlsWith({ authority: undefined, pins: [] })).toBe('none')
})
