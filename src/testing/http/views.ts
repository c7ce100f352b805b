// What the office has, in the shapes of the API.
import type { z } from 'zod'
import type { TestMessage } from '../message.ts'
import type { TestSession } from '../sessions.ts'
import { apiPath } from './endpoints.ts'
import type { messageSchema, sessionSchema, sessionsSchema, summarySchema } from './schemas.ts'

export function summaryOf(message: TestMessage): z.output<typeof summarySchema> {
  const { id, receivedAt, envelope, subject, from, to, attachments, raw } = message
  return {
    id,
    receivedAt: receivedAt.toISOString(),
    envelope: { from: envelope.from, to: [...envelope.to] },
    subject,
    from: from ?? null,
    to: [...to],
    octets: raw.length,
    attachments: attachments.length,
  }
}

export function messageOf(message: TestMessage): z.output<typeof messageSchema> {
  const { id, cc, replyTo, headers, text, html, links, codes, attachments, fault } = message
  return {
    ...summaryOf(message),
    cc: [...cc],
    replyTo: [...replyTo],
    headers: [...headers],
    text,
    html,
    links: [...links],
    codes: [...codes],
    attachments: attachments.map(({ filename, contentType, disposition, contentId, content }, number) => ({
      filename: filename ?? null,
      contentType,
      disposition: disposition ?? null,
      contentId: contentId ?? null,
      octets: content.length,
      path: `${apiPath}/messages/${id}/attachments/${number}`,
    })),
    fault: fault ?? null,
  }
}

export function sessionSummaryOf(session: TestSession): z.output<typeof sessionsSchema>['sessions'][number] {
  return { ...stateOf(session), lines: session.lines.length }
}

export function sessionOf(session: TestSession): z.output<typeof sessionSchema> {
  const { lines, omitted } = session
  return { ...stateOf(session), lines: [...lines], omitted, transcript: String(session) }
}

function stateOf({ id, protocol, state, user, endedBy }: TestSession) {
  return { id, protocol, state, user: user ?? null, endedBy: endedBy ?? null }
}
