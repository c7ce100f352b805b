// What each endpoint does with the office.
import type { z } from 'zod'
import { isRefusal } from '../../mail/errors.ts'
import { type MessageFilter, NoMessageError } from '../letterbox.ts'
import type { TestMessage } from '../message.ts'
import type { NewLetter } from '../new-letter.ts'
import type { TestOffice } from '../test-office.ts'
import { chaosHandlers } from './chaos-handlers.ts'
import type { Handlers } from './endpoints.ts'
import { openapiDocument } from './openapi.ts'
import { RequestProblem } from './problem.ts'
import type { filterSchema, letterSchema } from './schemas.ts'
import { messageOf, sessionOf, sessionSummaryOf, summaryOf } from './views.ts'

export function createHandlers(office: TestOffice, version: string): Handlers {
  return {
    office() {
      const { hostname, pop3, pop3s, smtp, smtps, lmtp, certificate } = office
      return { hostname, pop3, pop3s, smtp, smtps, lmtp, certificate }
    },
    ...messageHandlers(office),
    ...mailboxHandlers(office),
    ...sessionHandlers(office),
    ...chaosHandlers(office.chaos),
    clock: () => timeOf(office),
    async advance({ body: { advanceMs } }) {
      await office.clock.advance(advanceMs)
      return timeOf(office)
    },
    openapi: () => ({
      contentType: 'application/json',
      octets: Buffer.from(JSON.stringify(openapiDocument(version))),
    }),
  }
}

function timeOf({ clock }: TestOffice) {
  return { now: new Date(clock.now()).toISOString() }
}

function messageHandlers(office: TestOffice) {
  const find = async (id: string): Promise<TestMessage> => {
    const [message] = await office.messages({ id })
    if (!message) throw new RequestProblem(404, 'there is no such message')
    return message
  }
  return {
    async listMessages({ query: { offset, limit, ...filter } }) {
      const all = await office.messages(filterOf(filter))
      return { total: all.length, messages: all.slice(offset, offset + limit).map(summaryOf) }
    },
    deliver: async ({ body }) => messageOf(await delivered(office.deliver(letterOf(body)))),
    async deliverRaw({ query: { from, to }, body }) {
      const envelope = { ...(from !== undefined && { from }), ...(to !== undefined && { to: [to].flat() }) }
      return messageOf(await delivered(office.deliver(body, envelope)))
    },
    deleteMessages: async ({ query }) => ({ deleted: await office.removeMessages(filterOf(query)) }),
    message: async ({ segments: [id] }) => messageOf(await find(id)),
    async deleteMessage({ segments: [id] }) {
      await find(id)
      await office.removeMessages({ id })
      return undefined
    },
    async raw({ segments: [id] }) {
      const { raw } = await find(id)
      return { contentType: 'message/rfc822', octets: raw, filename: `${id}.eml` }
    },
    async attachment({ segments: [id, number] }) {
      const { attachments } = await find(id)
      const attachment = /^\d{1,9}$/.test(number) ? attachments[Number(number)] : undefined
      if (!attachment) throw new RequestProblem(404, `the message has ${attachments.length} attachments`)
      const { content, filename } = attachment
      // What it is called is in the message; a browser is not to make anything of it.
      return { contentType: 'application/octet-stream', octets: content, filename: filename ?? 'attachment' }
    },
    async wait({ query: { timeout, ...filter }, signal }) {
      try {
        return messageOf(await office.waitForMessage({ ...filterOf(filter), timeout, signal }))
      } catch (error) {
        if (error instanceof NoMessageError) throw new RequestProblem(404, error.message)
        throw error
      }
    },
  } satisfies Partial<Handlers>
}

function mailboxHandlers(office: TestOffice) {
  return {
    listMailboxes: () => ({ mailboxes: office.mailboxes.map(each => ({ ...each })) }),
    async createMailbox({ body: { name, password, token } }) {
      const given = { ...(password !== undefined && { password }), ...(token !== undefined && { token }) }
      try {
        return await (name === undefined ? office.createMailbox(given) : office.addUser({ name, ...given }))
      } catch (error) {
        if (isRefusal(error, 'account-exists')) throw new RequestProblem(409, error.message)
        if (isRefusal(error, 'bad-name')) throw new RequestProblem(422, error.message)
        throw error
      }
    },
    mailbox({ segments: [name] }) {
      try {
        const mailbox = office.mailbox(name)
        if (mailbox) return { ...mailbox }
      } catch (error) {
        if (!isRefusal(error, 'bad-name')) throw error
      }
      throw new RequestProblem(404, 'there is no such mailbox')
    },
  } satisfies Partial<Handlers>
}

function sessionHandlers(office: TestOffice) {
  return {
    listSessions({ query: { protocol, user } }) {
      const wanted = office.sessions.filter(
        session =>
          (protocol === undefined || session.protocol === protocol) &&
          (user === undefined || session.user === user),
      )
      return { sessions: wanted.map(sessionSummaryOf) }
    },
    session({ segments: [id] }) {
      const session = office.sessions.find(each => each.id === id)
      if (!session) throw new RequestProblem(404, 'there is no such session')
      return sessionOf(session)
    },
  } satisfies Partial<Handlers>
}

/** A subject is searched for, letter by letter. */
function filterOf({ to, from, subject }: z.output<typeof filterSchema>): MessageFilter {
  return {
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && {
      subject: new RegExp(subject.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), 'i'),
    }),
  }
}

function letterOf({ date, attachments, ...letter }: z.output<typeof letterSchema>): NewLetter {
  const fields = Object.fromEntries(Object.entries(letter).filter(([, value]) => value !== undefined))
  return {
    ...fields,
    to: letter.to,
    ...(date !== undefined && { date: new Date(date) }),
    ...(attachments && {
      attachments: attachments.map(({ filename, content, encoding, contentType, contentId }) => ({
        filename,
        content: Buffer.from(content, encoding),
        ...(contentType !== undefined && { contentType }),
        ...(contentId !== undefined && { contentId }),
      })),
    }),
  }
}

/** What the office does not take is the letter's own fault. */
async function delivered(delivering: Promise<TestMessage>): Promise<TestMessage> {
  try {
    return await delivering
  } catch (error) {
    throw new RequestProblem(422, error instanceof Error ? error.message : String(error))
  }
}
