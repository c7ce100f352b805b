// An honest POP3 client: takes its mail away, leaves it, changes its mind, is cut off; and compares what it sees with what
// must be there. Invariants 1 to 6 of the design, RFC 1939 sections 4 to 7.
import { type Field, note } from './field.ts'
import type { Entry } from './ledger.ts'
import { contentOf, tokenIn, unstuff } from './messages.ts'
import { Gone, Peer } from './peer.ts'

/** Refusals that a right password may meet: another session, a full disk, a server that ends. */
const expectedRefusal = /^-ERR \[(IN-USE|SYS\/TEMP)\]/
const maxRetrieved = 10

interface Listed {
  readonly number: number
  readonly octets: number
  readonly uidl: string
}

interface Found extends Listed {
  readonly entry: Entry
}

/** One session. Throws `Gone` when the office is away. */
export async function read(field: Field, account = field.random.one(field.accounts)): Promise<void> {
  const { ledger } = field
  const peer = await Peer.connect(field.pop3Port)
  try {
    if (!(await peer.line()).startsWith('+OK')) return
    await peer.ask(`USER ${account}`)
    const expected = ledger.kept(account)
    const welcome = await peer.ask(`PASS ${field.password}`)
    if (!welcome.startsWith('+OK')) {
      if (!expectedRefusal.test(welcome)) ledger.violate(`the right password of ${account} met ${welcome}`)
      note(field, 'login refused')
      return
    }
    note(field, 'login')
    await useMaildrop(field, peer, account, expected)
  } finally {
    peer.close()
  }
}

async function useMaildrop(
  field: Field,
  peer: Peer,
  account: string,
  expected: readonly Entry[],
): Promise<void> {
  const { ledger } = field
  const hold = ledger.hold(account)
  try {
    const found = await lookAround(field, peer, account)
    ledger.settle(account, expected, new Set(found.map(({ entry }) => entry)))
    await retrieve(field, peer, found)
    const wasAlone = hold.isAlone
    // Mail has come in meanwhile, and shows in no session that is open.
    const listed = await list(peer)
    if (!wasAlone) ledger.violate(`two sessions hold the maildrop of ${account}`)
    if (JSON.stringify(listed) !== JSON.stringify(found.map(withoutEntry)))
      ledger.violate(`the numbers of ${account} have moved`)
    await leave(field, peer, found, () => hold.letGo())
  } finally {
    hold.letGo()
  }
}

function withoutEntry({ number, octets, uidl }: Found): Listed {
  return { number, octets, uidl }
}

async function lookAround(field: Field, peer: Peer, account: string): Promise<readonly Found[]> {
  const { ledger } = field
  const [, count, octets] = (await peer.ask('STAT')).split(' ').map(Number)
  const listed = await list(peer)
  const sum = listed.reduce((total, each) => total + each.octets, 0)
  if (count !== listed.length || octets !== sum)
    ledger.violate(`STAT of ${account} says ${count} ${octets}, LIST ${listed.length} ${sum}`)
  if (new Set(listed.map(({ uidl }) => uidl)).size !== listed.length)
    ledger.violate(`a UIDL of ${account} is there twice`)
  const found: Found[] = []
  for (const each of listed) {
    const entry = ledger.byUidl(account, each.uidl) ?? (await identify(field, peer, account, each))
    if (!entry) continue
    ledger.seen(entry, each.uidl)
    found.push({ ...each, entry })
  }
  return found
}

async function list(peer: Peer): Promise<readonly Listed[]> {
  const pairs = async (command: string) => {
    await expectOk(peer, command)
    const lines = (await peer.body()).split('\r\n').filter(line => line !== '')
    return lines.map(line => line.split(' '))
  }
  const octets = new Map((await pairs('LIST')).map(([number, size]) => [number, Number(size)]))
  return (await pairs('UIDL')).map(([number = '', uidl = '']) => ({
    number: Number(number),
    octets: octets.get(number) ?? Number.NaN,
    uidl,
  }))
}

/** Which message it is that nobody has seen before. */
async function identify(
  { ledger }: Field,
  peer: Peer,
  account: string,
  { number }: Listed,
): Promise<Entry | undefined> {
  await expectOk(peer, `TOP ${number} 0`)
  const token = tokenIn(await peer.body())
  const entry = token === undefined ? undefined : ledger.entry(account, token)
  if (!entry) ledger.violate(`${account} has a message that nobody sent`)
  return entry
}

async function retrieve(field: Field, peer: Peer, found: readonly Found[]): Promise<void> {
  const { random, ledger } = field
  for (const { number, octets, entry } of found.filter(() => random.chance(maxRetrieved / found.length))) {
    await expectOk(peer, `RETR ${number}`)
    const message = unstuff(await peer.body())
    note(field, 'message retrieved')
    const { token } = entry
    if (message.length !== octets)
      ledger.violate(`${token} has ${message.length} octets, LIST says ${octets}`)
    if (!message.endsWith(contentOf(entry.number))) ledger.violate(`${token} is not what was sent`)
  }
}

async function leave(field: Field, peer: Peer, found: readonly Found[], letGo: () => void): Promise<void> {
  const { random, ledger } = field
  const marked = found.filter(() => random.chance(0.6))
  for (const { number } of marked) await expectOk(peer, `DELE ${number}`)
  const ending = random.next()
  letGo()
  if (ending < 0.2) {
    note(field, 'reader dropped, nothing deleted')
    peer.drop()
    return
  }
  const changesItsMind = ending < 0.3
  const leaving = changesItsMind ? [] : marked.map(({ entry }) => entry)
  if (changesItsMind) await expectOk(peer, 'RSET')
  for (const entry of leaving) {
    entry.fate = 'leaving'
    entry.leavingWith = leaving
  }
  peer.send('QUIT\r\n')
  if (ending < 0.4) {
    note(field, 'reader gone behind QUIT')
    peer.drop()
    return
  }
  const answer = await peer.line()
  const isDone = answer.startsWith('+OK')
  if (!isDone && leaving.length === 0) ledger.violate(`QUIT that deletes nothing met ${answer}`)
  for (const entry of leaving) {
    entry.fate = isDone ? 'deleted' : 'kept'
    entry.leavingWith = undefined
  }
  note(field, isDone ? 'UPDATE done' : 'UPDATE refused')
}

/** A session that was let in is served, or its connection ends. */
async function expectOk(peer: Peer, command: string): Promise<void> {
  const answer = await peer.ask(command)
  if (answer.startsWith('+OK')) return
  if (answer.startsWith('-ERR [SYS/TEMP]')) throw new Gone(answer)
  throw new Error(`${command} met ${answer}`)
}
