// An honest sender by SMTP or LMTP that now and then is cut off: 250 means kept, a refusal means not kept, and without an
// answer nobody knows. RFC 5321 section 4.2.5, RFC 2033 section 4.2.
import { type Field, mailDomain, note } from './field.ts'
import type { Entry } from './ledger.ts'
import { contentOf, stuff } from './messages.ts'
import { Peer } from './peer.ts'

/** One connection with a few messages. Throws `Gone` when the office is away. */
export async function send(field: Field): Promise<void> {
  const { random, smtpPort, lmtpPort } = field
  const isLmtp = random.chance(0.5)
  const peer = await Peer.connect(isLmtp ? lmtpPort : smtpPort)
  try {
    // Turned away, by a flood or a full disk: nothing was offered.
    if (!isYes(await peer.line())) return
    await readReply(peer, isLmtp ? 'LHLO client.example' : 'EHLO client.example')
    for (let count = random.between(1, 5); count > 0; count--) await sendOne(field, peer, isLmtp)
    await peer.ask('QUIT')
  } finally {
    peer.close()
  }
}

async function sendOne(field: Field, peer: Peer, isLmtp: boolean): Promise<void> {
  const { random, accounts, ledger } = field
  const recipients = accounts.filter(() => random.chance(1.5 / accounts.length))
  if (recipients.length === 0) return
  if (!isYes(await peer.ask('MAIL FROM:<sender@elsewhere.example>'))) return
  const accepted: string[] = []
  for (const account of recipients)
    if (isYes(await peer.ask(`RCPT TO:<${account}@${mailDomain}>`))) accepted.push(account)
  const first = accepted[0]
  if (first === undefined || !(await peer.ask('DATA')).startsWith('354')) {
    await peer.ask('RSET')
    return
  }
  const entries = ledger.offerToAll(accepted)
  const text = stuff(contentOf(entries[0]?.number ?? 0))
  if (random.chance(0.03)) {
    // Cut before the end: then there is no message.
    peer.send(text.slice(0, random.between(0, text.length - 1)))
    for (const entry of entries) entry.fate = 'refused'
    peer.drop()
    note(field, 'sender cut off')
    return
  }
  peer.send(`${text}.\r\n`)
  if (random.chance(0.02)) {
    peer.drop()
    note(field, 'sender gone before the answer')
    return
  }
  for (const entry of isLmtp ? entries : entries.slice(0, 1)) {
    const isKept = isYes(await peer.line())
    for (const each of isLmtp ? [entry] : entries) settle(each, isKept)
    note(field, isKept ? 'message accepted' : 'message refused')
  }
}

function settle(entry: Entry, isKept: boolean): void {
  // A session may have seen it already.
  if (entry.fate === 'offered') entry.fate = isKept ? 'kept' : 'refused'
}

async function readReply(peer: Peer, command: string): Promise<void> {
  let line = await peer.ask(command)
  while (line[3] === '-') line = await peer.line()
}

function isYes(reply: string): boolean {
  return reply.startsWith('2')
}
