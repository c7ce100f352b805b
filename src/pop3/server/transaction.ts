// The TRANSACTION state: everything between login and QUIT. RFC 1939 section 5, section 7 (TOP, UIDL), RFC 1460 (LAST).
import type { ScanListing } from '../../mail/maildrop-store.ts'
import type { Found, SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { CommandOf } from '../wire/command.ts'
import { counted, err, ok, renderListing } from '../wire/reply.ts'
import { failureReply } from './failure.ts'
import { type Answer, positive, type SessionContext, type TransactionState } from './state.ts'
import { topOf } from './top.ts'

const nothing = positive('')
const mayOnlyRead: Answer = { text: err('this login may read, not delete', 'SYS/PERM') }

export function stat(_session: SessionContext, { maildrop }: TransactionState): Answer {
  return positive(`${maildrop.count} ${maildrop.octets}`)
}

export function list(
  _session: SessionContext,
  { maildrop }: TransactionState,
  { message }: CommandOf<'LIST'>,
): Answer {
  if (message !== undefined) return oneLine(maildrop, message, index => maildrop.listing.octets[index] ?? 0)
  return wholeListing(maildrop, scanAnswers, scanListing)
}

export function uidl(
  _session: SessionContext,
  { maildrop }: TransactionState,
  { message }: CommandOf<'UIDL'>,
): Answer {
  if (message !== undefined) return oneLine(maildrop, message, index => maildrop.listing.uidls[index] ?? '')
  return wholeListing(maildrop, uniqueIdAnswers, uniqueIdListing)
}

export async function retr(
  session: SessionContext,
  { maildrop }: TransactionState,
  { message: number }: CommandOf<'RETR'>,
): Promise<Answer> {
  const found = maildrop.find(number)
  if ('missing' in found) return notThere(found, number, maildrop)
  try {
    const message = await maildrop.read(found.index)
    maildrop.noteAccess(found.index)
    return { text: ok(counted(message.octets, 'octet')), message }
  } catch (error) {
    return { text: failureReply(error, session, 'RETR') }
  }
}

export async function top(
  session: SessionContext,
  { maildrop }: TransactionState,
  { message: number, lines }: CommandOf<'TOP'>,
): Promise<Answer> {
  const found = maildrop.find(number)
  if ('missing' in found) return notThere(found, number, maildrop)
  try {
    const message = await maildrop.read(found.index)
    return { text: ok('top of message follows'), message: topOf(message, lines) }
  } catch (error) {
    return { text: failureReply(error, session, 'TOP') }
  }
}

export function dele(
  _session: SessionContext,
  { maildrop, readOnly }: TransactionState,
  { message: number }: CommandOf<'DELE'>,
): Answer {
  if (readOnly) return mayOnlyRead
  const found = maildrop.find(number)
  if ('missing' in found) return notThere(found, number, maildrop)
  maildrop.mark(found.index)
  maildrop.noteAccess(found.index)
  return positive(`message ${number} deleted`)
}

export function noop(): Answer {
  return nothing
}

export function rset(_session: SessionContext, { maildrop }: TransactionState): Answer {
  maildrop.reset()
  return positive(`maildrop has ${counted(maildrop.count, 'message')} (${counted(maildrop.octets, 'octet')})`)
}

export function last(_session: SessionContext, { maildrop }: TransactionState): Answer {
  return positive(`${maildrop.lastAccessed}`)
}

function oneLine(
  maildrop: SessionMaildrop,
  number: number,
  value: (index: number) => string | number,
): Answer {
  const found = maildrop.find(number)
  return 'missing' in found ? notThere(found, number, maildrop) : positive(`${number} ${value(found.index)}`)
}

function notThere(
  found: Extract<Found, { missing: string }>,
  number: number,
  maildrop: SessionMaildrop,
): Answer {
  return {
    text: err(
      found.missing === 'deleted'
        ? `message ${number} already deleted`
        : `no such message, only ${counted(maildrop.listing.count, 'message')} in maildrop`,
    ),
  }
}

/** Renders a listing; `isListed` is undefined when nothing is marked. */
type Render = (
  maildrop: SessionMaildrop,
  isListed?: (index: number) => boolean,
) => { readonly text: string; readonly lines: Iterable<string> }

function scanListing(maildrop: SessionMaildrop, isListed?: (index: number) => boolean) {
  const { count, octets } = maildrop.listing
  return {
    text: ok(`${counted(maildrop.count, 'message')} (${counted(maildrop.octets, 'octet')})`),
    lines: renderListing(count, index => octets[index] ?? 0, isListed),
  }
}

function uniqueIdListing(maildrop: SessionMaildrop, isListed?: (index: number) => boolean) {
  const { count, uidls } = maildrop.listing
  return {
    text: ok('unique-id listing follows'),
    lines: renderListing(count, index => uidls[index] ?? '', isListed),
  }
}

/** Whole answers of small maildrops nothing is marked in: pollers ask for the same again and again. */
const scanAnswers = new WeakMap<ScanListing, Answer>()
const uniqueIdAnswers = new WeakMap<ScanListing, Answer>()
const maxKeptMessages = 1_000

function wholeListing(
  maildrop: SessionMaildrop,
  answers: WeakMap<ScanListing, Answer>,
  render: Render,
): Answer {
  const { listing } = maildrop
  if (maildrop.markedCount > 0) return render(maildrop, index => !maildrop.isMarked(index))
  if (listing.count > maxKeptMessages) return render(maildrop)
  let answer = answers.get(listing)
  if (answer === undefined) {
    const { text, lines } = render(maildrop)
    answer = { text: Buffer.from(text + [...lines].join(''), 'latin1') }
    answers.set(listing, answer)
  }
  return answer
}
