// The TRANSACTION state: everything between login and QUIT. RFC 1939 section 5, section 7 (TOP, UIDL), RFC 1460 (LAST).
import type { ScanListing } from '../../mail/maildrop-store.ts'
import type { Found, SessionMaildrop } from '../../mail/session-maildrop.ts'
import type { CommandOf } from '../wire/command.ts'
import { renderListing } from '../wire/reply.ts'
import { failureReply } from './failure.ts'
import type { Language } from './languages/language.ts'
import { defaultLanguage } from './languages/languages.ts'
import { type Answer, positive, type SessionContext, type TransactionState } from './state.ts'
import { topOf } from './top.ts'

const nothing = positive('')

export function stat(_session: SessionContext, { maildrop }: TransactionState): Answer {
  return positive(`${maildrop.count} ${maildrop.octets}`)
}

export function list(
  session: SessionContext,
  { maildrop }: TransactionState,
  { message }: CommandOf<'LIST'>,
): Answer {
  if (message !== undefined)
    return oneLine(session, maildrop, message, index => maildrop.listing.octets[index] ?? 0)
  return wholeListing(session.language, maildrop, scanAnswers, scanListing)
}

export function uidl(
  session: SessionContext,
  { maildrop }: TransactionState,
  { message }: CommandOf<'UIDL'>,
): Answer {
  if (message !== undefined)
    return oneLine(session, maildrop, message, index => maildrop.listing.uidls[index] ?? '')
  return wholeListing(session.language, maildrop, uniqueIdAnswers, uniqueIdListing)
}

export async function retr(
  session: SessionContext,
  { maildrop, afterRetrieval }: TransactionState,
  { message: number }: CommandOf<'RETR'>,
): Promise<Answer> {
  const found = maildrop.find(number)
  if ('missing' in found) return notThere(session, found, number, maildrop)
  try {
    const message = await maildrop.read(found.index)
    const { language } = session
    maildrop.noteAccess(found.index)
    const text = language.ok(language.texts.octets(message.octets))
    if (afterRetrieval === 'nothing') return { text, message }
    return { text, message, onSent: () => maildrop.noteRetrieved(found.index) }
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
  if ('missing' in found) return notThere(session, found, number, maildrop)
  try {
    const message = await maildrop.read(found.index)
    const { language } = session
    return { text: language.ok(language.texts.topFollows), message: topOf(message, lines) }
  } catch (error) {
    return { text: failureReply(error, session, 'TOP') }
  }
}

export function dele(
  session: SessionContext,
  { maildrop, readOnly }: TransactionState,
  { message: number }: CommandOf<'DELE'>,
): Answer {
  if (readOnly) return session.language.answers.mayOnlyRead
  const found = maildrop.find(number)
  if ('missing' in found) return notThere(session, found, number, maildrop)
  maildrop.mark(found.index)
  maildrop.noteAccess(found.index)
  return { text: session.language.ok(session.language.texts.deleted(number)) }
}

export function noop(): Answer {
  return nothing
}

export function rset({ language }: SessionContext, { maildrop }: TransactionState): Answer {
  maildrop.reset()
  return { text: language.ok(language.texts.unmarked(maildrop.count, maildrop.octets)) }
}

export function last(_session: SessionContext, { maildrop }: TransactionState): Answer {
  return positive(`${maildrop.lastAccessed}`)
}

function oneLine(
  session: SessionContext,
  maildrop: SessionMaildrop,
  number: number,
  value: (index: number) => string | number,
): Answer {
  const found = maildrop.find(number)
  return 'missing' in found
    ? notThere(session, found, number, maildrop)
    : positive(`${number} ${value(found.index)}`)
}

function notThere(
  { language }: SessionContext,
  found: Extract<Found, { missing: string }>,
  number: number,
  maildrop: SessionMaildrop,
): Answer {
  return {
    text: language.err(
      found.missing === 'deleted'
        ? language.texts.alreadyDeleted(number)
        : language.texts.noSuchMessage(maildrop.listing.count),
    ),
  }
}

/** Renders a listing; `isListed` is undefined when nothing is marked. */
type Render = (
  language: Language,
  maildrop: SessionMaildrop,
  isListed?: (index: number) => boolean,
) => { readonly text: string | Uint8Array; readonly lines: Iterable<string> }

function scanListing(language: Language, maildrop: SessionMaildrop, isListed?: (index: number) => boolean) {
  const { count, octets } = maildrop.listing
  return {
    text: language.ok(language.texts.contents(maildrop.count, maildrop.octets)),
    lines: renderListing(count, index => octets[index] ?? 0, isListed),
  }
}

function uniqueIdListing(
  language: Language,
  maildrop: SessionMaildrop,
  isListed?: (index: number) => boolean,
) {
  const { count, uidls } = maildrop.listing
  return {
    text: language.ok(language.texts.uniqueIdsFollow),
    lines: renderListing(count, index => uidls[index] ?? '', isListed),
  }
}

/** Whole answers of small maildrops nothing is marked in, in English: pollers ask for the same again and again. */
const scanAnswers = new WeakMap<ScanListing, Answer>()
const uniqueIdAnswers = new WeakMap<ScanListing, Answer>()
const maxKeptMessages = 1_000

function wholeListing(
  language: Language,
  maildrop: SessionMaildrop,
  answers: WeakMap<ScanListing, Answer>,
  render: Render,
): Answer {
  const { listing } = maildrop
  if (maildrop.markedCount > 0) return render(language, maildrop, index => !maildrop.isMarked(index))
  if (listing.count > maxKeptMessages || language !== defaultLanguage) return render(language, maildrop)
  let answer = answers.get(listing)
  if (answer === undefined) {
    const { text, lines } = render(language, maildrop)
    answer = { text: Buffer.from(text.toString() + [...lines].join('')) }
    answers.set(listing, answer)
  }
  return answer
}
