// The options of fetchmail's run control file, as data: how many arguments each takes, and what becomes of it here.

/** `list`: words up to the next keyword. */
export type Arity = 'flag' | 'one' | 'list' | 'envelope'

export const serverOptions: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ['via', 'one'],
  ['protocol', 'one'],
  ['service', 'one'],
  ['authenticate', 'one'],
  ['timeout', 'one'],
  ['envelope', 'envelope'],
  ['qvirtual', 'one'],
  ['aka', 'list'],
  ['localdomains', 'list'],
  ['interface', 'one'],
  ['monitor', 'one'],
  ['plugin', 'one'],
  ['plugout', 'one'],
  ['dns', 'flag'],
  ['checkalias', 'flag'],
  ['uidl', 'flag'],
  ['interval', 'one'],
  ['tracepolls', 'flag'],
  ['principal', 'one'],
  ['esmtpname', 'one'],
  ['esmtppassword', 'one'],
  ['bad-header', 'one'],
])

export const userOptions: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ['password', 'one'],
  ['folder', 'list'],
  ['smtphost', 'list'],
  ['fetchdomains', 'list'],
  ['antispam', 'list'],
  ...['smtpaddress', 'smtpname', 'mda', 'bsmtp', 'preconnect', 'postconnect', 'properties'].map(one),
  ...['limit', 'warnings', 'batchlimit', 'fetchlimit', 'fetchsizelimit', 'fastuidl', 'expunge'].map(one),
  ...['sslcert', 'sslkey', 'sslcertfile', 'sslcertpath', 'sslcommonname', 'sslfingerprint', 'sslproto'].map(
    one,
  ),
  ...['ssl', 'sslcertck', 'lmtp', 'keep', 'flush', 'limitflush', 'fetchall', 'rewrite', 'stripcr'].map(flag),
  ...['forcecr', 'pass8bits', 'dropstatus', 'dropdelivered', 'mimedecode', 'idle'].map(flag),
])

export const globalOptions: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ...['daemon', 'postmaster', 'logfile', 'pidfile', 'idfile', 'properties'].map(one),
  ...['bouncemail', 'spambounce', 'softbounce', 'syslog', 'invisible', 'showdots'].map(flag),
])

function one(name: string): [string, Arity] {
  return [name, 'one']
}

function flag(name: string): [string, Arity] {
  return [name, 'flag']
}

/** Other spellings. */
export const spellings: ReadonlyMap<string, string> = new Map([
  ['proto', 'protocol'],
  ['port', 'service'],
  ['auth', 'authenticate'],
  ['local', 'localdomains'],
  ['pass', 'password'],
  ['folders', 'folder'],
  ['smtp', 'smtphost'],
  ['spamresponse', 'antispam'],
  ['bad-headers', 'bad-header'],
  ['server', 'poll'],
  ['default', 'defaults'],
  ['username', 'user'],
  ['not', 'no'],
])

export const noiseWords: ReadonlySet<string> = new Set(['and', 'with', 'has', 'wants', 'options'])
export const entryWords: ReadonlySet<string> = new Set(['poll', 'skip', 'defaults', 'set'])
export const userWords: ReadonlySet<string> = new Set(['user', 'is', 'to', 'here', 'there', 'no'])

/** What has no place here, where it is set. What is not named is either taken over or makes no difference. */
export const optionRemarks: ReadonlyMap<string, string> = new Map([
  ['plugin', 'the command through which it reaches the server (`plugin`) is not taken over'],
  ['plugout', 'the command through which it hands mail on (`plugout`) is not taken over'],
  ['interface', 'it waits for a network interface (`interface`); here it does not'],
  ['monitor', 'it watches a network interface (`monitor`); here it does not'],
  ['preconnect', 'the command before each connection (`preconnect`) is not taken over'],
  ['postconnect', 'the command after each connection (`postconnect`) is not taken over'],
  ['fetchall', 'it fetches everything each time (`fetchall`); here what is known is not fetched again'],
  ['flush', 'it deletes what it has seen before it fetches (`flush`); here `keep` decides'],
  ['limitflush', 'it deletes what is too large (`limitflush`); here that stays'],
  ['fetchdomains', 'domains of ETRN (`fetchdomains`) are not taken over'],
  ['bsmtp', 'a BSMTP file is no destination here'],
  ['sslcert', 'its client certificate (`sslcert`) is not taken over'],
  ['sslcertpath', 'its folder of authorities (`sslcertpath`) is not taken over: `ca` names one file'],
  ['sslcommonname', 'the other name in the certificate (`sslcommonname`) is not taken over'],
  ['sslfingerprint', 'its MD5 fingerprint proves nothing: `pin` takes the key that the server shows'],
  ['mimedecode', 'it decodes MIME (`mimedecode`); here messages stay as they are'],
  ['dropstatus', 'it drops Status fields (`dropstatus`); here messages stay as they are'],
  ['dropdelivered', 'it drops Delivered-To fields (`dropdelivered`); here messages stay as they are'],
  ['idle', 'it waits for new mail (`idle`); here `every` says how often to look'],
  [
    'antispam',
    'answers that mean junk (`antispam`) are not taken over: a refused message is set aside and told of',
  ],
  ['esmtppassword', 'its login at the SMTP server (`esmtpname`) is not taken over'],
])
