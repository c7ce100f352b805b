// What is known of POP3 servers that do it their own way, as data: whom it is about, what changes for a session with them, and
// where that was reported. What a client survives without being told is not here but in its code, and in its tests.

export interface Quirks {
  /** Whether CAPA may be asked: some servers hang, or hang up. */
  readonly capa: boolean
  /** Whether UIDL may be asked, announced or not. */
  readonly uidl: boolean
  /** Commands that may be under way at once, whatever CAPA says; 1: each waits for the answer to the one before. */
  readonly window: number
  /** Whether XOAUTH2 and OAUTHBEARER send their token on the line of AUTH; else they wait to be asked for it. */
  readonly bearerInOneLine: boolean
  /** Whether the forms of SCRAM that bind to TLS may be taken, announced or not. */
  readonly bindsToTls: boolean
  /** NOOP is sent after so many milliseconds in which nothing was asked. Infinity: never. */
  readonly keepAliveMs: number
  /** Seconds between two logins, where CAPA has no LOGIN-DELAY; 0: as many as one likes. */
  readonly loginDelaySeconds: number
  /** For the caller: a listing shows a part of the maildrop, and what is not in it is not gone. */
  readonly listsPart: boolean
  /** For the caller: QUIT takes away what RETR has sent, with or without DELE. Whoever could not keep it must not QUIT. */
  readonly takesWhatWasRetrieved: boolean
  /** For the caller: DELE deletes at once; nothing that ends the session brings it back. */
  readonly deletesAtOnce: boolean
}

export interface Profile {
  readonly name: string
  /** Threads and pages that tell of it. */
  readonly sources: readonly string[]
  readonly host?: RegExp
  /** Of the text behind `+OK`. */
  readonly greeting?: RegExp
  readonly quirks: Partial<Quirks>
}

export const noQuirks: Quirks = {
  capa: true,
  uidl: true,
  window: Number.POSITIVE_INFINITY,
  bearerInOneLine: false,
  bindsToTls: true,
  keepAliveMs: Number.POSITIVE_INFINITY,
  loginDelaySeconds: 0,
  listsPart: false,
  takesWhatWasRetrieved: false,
  deletesAtOnce: false,
}

export const profiles: readonly Profile[] = [
  {
    name: 'Gmail',
    sources: [
      'support.google.com/a/answer/6089246',
      'node-pop3/node-pop3#2',
      'foens/hpop#56',
      'horde/Imap_Client#36',
    ],
    host: /^(?:.+\.)?(?:gmail|googlemail)\.com$/i,
    quirks: { listsPart: true, takesWhatWasRetrieved: true, loginDelaySeconds: 300 },
  },
  {
    name: 'Microsoft 365 and Outlook.com',
    sources: ['getmail6/getmail6#256', 'marlam/mpop#11', 'jakartaee/mail-api#461', 'jstedfast/MailKit#88'],
    host: /^(?:.+\.)?(?:outlook|office365|hotmail)\.com$/i,
    // Sessions are cut after a minute in which nothing is said.
    quirks: { bearerInOneLine: false, keepAliveMs: 30_000 },
  },
  {
    name: 'web.de',
    sources: ['jens-maus/yam#305'],
    host: /^(?:.+\.)?web\.de$/i,
    quirks: { loginDelaySeconds: 720 },
  },
  {
    name: 'poczta.o2.pl',
    sources: ['jstedfast/MailKit#174'],
    host: /^(?:.+\.)?o2\.pl$/i,
    quirks: { window: 1 },
  },
  {
    name: 'tom.com',
    sources: ['Atlantis-Software/mailx#3'],
    host: /^(?:.+\.)?tom\.com$/i,
    quirks: { capa: false },
  },
  {
    name: 'WildDuck',
    sources: ['zone-eu/wildduck#950', 'zone-eu/wildduck#709'],
    greeting: /^WDPop ready/,
    // Answers to commands ahead came out of order before January 2026; 60 s of idleness end a session.
    quirks: { window: 1, keepAliveMs: 30_000 },
  },
  {
    name: 'DavMail',
    sources: ['davmail: PopConnection'],
    greeting: /^DavMail /,
    quirks: { deletesAtOnce: true, window: 1 },
  },
  {
    name: 'Cyrus',
    sources: ['cyrusimap/cyrus-imapd#4191', 'cyrusimap/cyrus-imapd#3317'],
    greeting: /\bCyrus POP3\b/,
    // It binds to `tls-unique`, which TLS 1.3 no longer has, and refuses all else as if the password were wrong.
    quirks: { bindsToTls: false },
  },
]

/** Single quirks under names of their own, for a server that is in no profile. */
const singleQuirks = {
  'no-capa': { capa: false },
  'no-uidl': { uidl: false },
  'one-at-a-time': { window: 1 },
  'bearer-in-one-line': { bearerInOneLine: true },
  'no-channel-binding': { bindsToTls: false },
  'keep-alive': { keepAliveMs: 30_000 },
  'lists-part': { listsPart: true },
  'takes-what-was-retrieved': { takesWhatWasRetrieved: true },
} as const satisfies Readonly<Record<string, Partial<Quirks>>>

/** Of single quirks, then of profiles. */
export const quirkNames: readonly string[] = [
  ...Object.keys(singleQuirks),
  ...profiles.map(({ name }) => name),
]

/** What these names stand for; later ones overrule earlier ones. A name that is none stands for nothing. */
export function quirksNamed(names: readonly string[]): Partial<Quirks> {
  const known = new Map<string, Partial<Quirks>>([
    ...Object.entries(singleQuirks),
    ...profiles.map(({ name, quirks }) => [name, quirks] as const),
  ])
  return Object.assign({}, ...names.map(name => known.get(name))) as Partial<Quirks>
}
