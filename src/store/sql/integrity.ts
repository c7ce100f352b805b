// What `doctor` asks of the store: reads everything, bounded pieces at a time, and compares it with what is recorded of
// it. The office may go on working meanwhile: what changes under the reader's eyes is no fault.
import { setImmediate } from 'node:timers/promises'
import { isRefusal } from '../../mail/errors.ts'
import type { Id } from '../../mail/id.ts'
import type { IntegrityReport } from '../../mail/store.ts'
import { collectedFaults } from './collected-integrity.ts'
import { readChunk } from './contents.ts'
import type { Awaitable, Connection, Database } from './database.ts'
import {
  accountSums,
  contentById,
  contentsAfter,
  firstChunksAfter,
  mailboxSums,
  messagesAfter,
  strayAppPasswords,
  strayChunk,
} from './integrity-statements.ts'

const pageRows = 200
/** A damaged store may have any number of faults; these many tell enough. */
const maxFaults = 100

export async function checkIntegrity(database: Database): Promise<IntegrityReport> {
  const { reader } = database
  const faults: string[] = [...(await database.checkFiles())]
  const count = { messages: 0, contents: 0 }
  const checks = [
    accountFaults(reader),
    messageFaults(reader, count),
    contentFaults(reader, count),
    strayChunks(reader),
    collectedFaults(reader),
  ]
  for (const check of checks) {
    try {
      for await (const fault of check) {
        if (faults.length >= maxFaults) break
        faults.push(fault)
      }
    } catch (error) {
      // What cannot be read is what this is for; the other checks may still tell more.
      if (!isRefusal(error, 'store-unusable')) throw error
      faults.push(error.message)
    }
  }
  return { faults, ...count }
}

/** The counters of accounts and mailboxes against the messages they count. */
async function* accountFaults(reader: Connection): AsyncGenerator<string> {
  for await (const account of pages(last => reader.rows(accountSums, { last, limit: pageRows }))) {
    const { name, used_octets, used_messages, messages } = account
    const octets = account.octets ?? 0
    if (used_messages !== messages)
      yield `account ${name}: ${used_messages} messages recorded, ${messages} found`
    if (used_octets !== octets) yield `account ${name}: ${used_octets} octets recorded, ${octets} found`
    if (account.inbox_messages === null) yield `account ${name}: its INBOX is missing`
  }
  for await (const mailbox of pages(last => reader.rows(mailboxSums, { last, limit: pageRows }))) {
    const { id } = mailbox
    const octets = mailbox.found_octets ?? 0
    if (mailbox.messages !== mailbox.found)
      yield `mailbox ${id}: ${mailbox.messages} messages recorded, ${mailbox.found} found`
    if (mailbox.octets !== octets) yield `mailbox ${id}: ${mailbox.octets} octets recorded, ${octets} found`
    if ((mailbox.last_uid ?? 0) >= mailbox.uid_next)
      yield `mailbox ${id}: uid ${mailbox.last_uid} is not below uid_next`
  }
  for await (const { id, account_id, name } of pages(last =>
    reader.rows(strayAppPasswords, { last, limit: pageRows }),
  ))
    yield `app password ${id} (${name}): its account ${account_id} is missing`
}

/** Every message against the content it shows. */
async function* messageFaults(reader: Connection, count: { messages: number }): AsyncGenerator<string> {
  let key = { account_id: '', mailbox_id: '', uidl: '' }
  for (;;) {
    const page = await reader.rows(messagesAfter, { ...key, limit: pageRows })
    for (const message of page) {
      const { account_id, mailbox_id, uidl } = message
      key = { account_id, mailbox_id, uidl }
      count.messages += 1
      const expected = message.trace.length + (message.content_octets ?? 0)
      if (message.content_octets === null)
        yield `message ${uidl}: its content ${message.content_id} is missing`
      else if (message.octets !== expected)
        yield `message ${uidl}: ${message.octets} octets recorded, ${expected} found`
    }
    if (page.length < pageRows) return
    await setImmediate()
  }
}

/** Every content against its chunks. */
async function* contentFaults(reader: Connection, count: { contents: number }): AsyncGenerator<string> {
  for await (const content of pages(last => reader.rows(contentsAfter, { last, limit: pageRows }))) {
    count.contents += 1
    const faults = await faultsOfContent(reader, content)
    // Housekeeping may have freed it meanwhile.
    if (faults.length > 0 && (await reader.row(contentById, { id: content.id }))) yield* faults
  }
}

interface ContentRecord {
  readonly id: Id
  readonly octets: number
  readonly header_octets: number
  readonly dot_lines: number
  readonly shown: string | null
}

async function faultsOfContent(reader: Connection, content: ContentRecord): Promise<string[]> {
  const found = await measure(reader, content.id)
  const faults: string[] = []
  const compare = (what: string, recorded: number, actual: number) => {
    if (recorded !== actual)
      faults.push(`content ${content.id}: ${recorded} ${what} recorded, ${actual} found`)
  }
  compare('octets', content.octets, found.octets)
  compare('header octets', content.header_octets, found.headerOctets)
  compare('lines that begin with a dot', content.dot_lines, found.dotLines)
  if (content.shown === null) faults.push(`content ${content.id}: no message shows it`)
  return faults
}

/** Counts what delivery counted. */
async function measure(reader: Connection, id: Id) {
  let octets = 0
  let dotLines = 0
  let headerOctets: number | undefined
  let lineOctets = 0
  let last = 0
  for (let seq = 0; ; seq++) {
    const chunk = await readChunk(reader, id, seq)
    if (!chunk) return { octets, dotLines, headerOctets: headerOctets ?? octets }
    for (const octet of chunk) {
      if (octet === 0x2e && lineOctets === 0) dotLines += 1
      octets += 1
      lineOctets += 1
      if (octet === 0x0a && last === 0x0d) {
        if (lineOctets === 2) headerOctets ??= octets
        lineOctets = 0
      }
      last = octet
    }
    await setImmediate()
  }
}

/** Chunks without a content, except those of deliveries under way and of contents being freed. */
async function* strayChunks(reader: Connection): AsyncGenerator<string> {
  for await (const { id } of pages(last => reader.rows(firstChunksAfter, { last, limit: pageRows }))) {
    if (await reader.row(strayChunk, { id })) yield `octets of ${id} lie about without a content`
  }
}

async function* pages<R extends { readonly id: Id }>(
  read: (last: Id) => Awaitable<readonly R[]>,
): AsyncGenerator<R> {
  for (let last = ''; ; ) {
    const page = await read(last)
    yield* page
    if (page.length < pageRows) return
    last = page.at(-1)?.id ?? last
    await setImmediate()
  }
}
