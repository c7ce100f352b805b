// The endpoints of the HTTP API below `/api/v1`: what each takes and gives. The router, the checks of requests and the OpenAPI
// description come from this table.
import type { z } from 'zod'
import { addedRuleSchema, chaosRuleSchema, chaosSchema } from './chaos-rule.ts'
import * as schemas from './schemas.ts'

/** Grows when an answer means something else than before; fields may be added without. */
export const apiPath = '/api/v1'

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `apiPath`; `{id}` stands for one segment. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType
  /** JSON. */
  readonly body?: z.ZodType
  /** A body that is no JSON. */
  readonly takes?: string
  readonly maxBodyOctets?: number
  readonly status: 200 | 201 | 204
  /** JSON; absent where the answer is none, or has no content. */
  readonly answer?: z.ZodType
  /** Of an answer that is no JSON. */
  readonly gives?: string
  /** Statuses of what may go wrong besides what any request may be refused for. */
  readonly problems?: readonly number[]
}

/** Of a message that is handed in; in base64 it is larger than it will be. */
const maxLetterOctets = 64 * 1024 * 1024

export const endpoints = {
  office: {
    method: 'GET',
    path: '/office',
    summary: 'Where the office is',
    status: 200,
    answer: schemas.officeSchema,
  },
  listMessages: {
    method: 'GET',
    path: '/messages',
    summary: 'What came in, whether or not it was fetched',
    query: schemas.listSchema,
    status: 200,
    answer: schemas.messagesSchema,
  },
  deliver: {
    method: 'POST',
    path: '/messages',
    summary: 'Compose a message and deliver it, past SMTP',
    body: schemas.letterSchema,
    maxBodyOctets: maxLetterOctets,
    status: 201,
    answer: schemas.messageSchema,
    problems: [422],
  },
  deliverRaw: {
    method: 'POST',
    path: '/messages/raw',
    summary: 'Deliver a message as it is',
    query: schemas.rawEnvelopeSchema,
    takes: 'message/rfc822',
    maxBodyOctets: maxLetterOctets,
    status: 201,
    answer: schemas.messageSchema,
    problems: [422],
  },
  deleteMessages: {
    method: 'DELETE',
    path: '/messages',
    summary: 'Take messages away, out of the maildrops as well',
    query: schemas.filterSchema,
    status: 200,
    answer: schemas.deletedSchema,
  },
  message: {
    method: 'GET',
    path: '/messages/{id}',
    summary: 'One message, parsed',
    status: 200,
    answer: schemas.messageSchema,
    problems: [404],
  },
  deleteMessage: {
    method: 'DELETE',
    path: '/messages/{id}',
    summary: 'Take one message away',
    status: 204,
    problems: [404],
  },
  raw: {
    method: 'GET',
    path: '/messages/{id}/raw',
    summary: 'One message, its octets',
    status: 200,
    gives: 'message/rfc822',
    problems: [404],
  },
  attachment: {
    method: 'GET',
    path: '/messages/{id}/attachments/{number}',
    summary: 'What is attached, its octets; numbers begin with 0',
    status: 200,
    gives: 'application/octet-stream',
    problems: [404],
  },
  wait: {
    method: 'GET',
    path: '/wait',
    summary:
      'The first message that fits and that no wait with the same filter has given before: one that came already, or the next',
    query: schemas.waitSchema,
    status: 200,
    answer: schemas.messageSchema,
    problems: [404],
  },
  listMailboxes: {
    method: 'GET',
    path: '/mailboxes',
    summary: 'Who has a mailbox, passwords included',
    status: 200,
    answer: schemas.mailboxesSchema,
  },
  createMailbox: {
    method: 'POST',
    path: '/mailboxes',
    summary: 'Make a mailbox',
    body: schemas.newMailboxSchema,
    status: 201,
    answer: schemas.mailboxSchema,
    problems: [409, 422],
  },
  mailbox: {
    method: 'GET',
    path: '/mailboxes/{name}',
    summary: 'One mailbox, by its name or address',
    status: 200,
    answer: schemas.mailboxSchema,
    problems: [404],
  },
  listSessions: {
    method: 'GET',
    path: '/sessions',
    summary: 'The latest 1,000 sessions',
    query: schemas.sessionListSchema,
    status: 200,
    answer: schemas.sessionsSchema,
  },
  session: {
    method: 'GET',
    path: '/sessions/{id}',
    summary: 'One session and what was said in it, secrets left out',
    status: 200,
    answer: schemas.sessionSchema,
    problems: [404],
  },
  chaos: {
    method: 'GET',
    path: '/chaos',
    summary: 'The rules that hold, and the faults that were made',
    status: 200,
    answer: chaosSchema,
  },
  addRule: {
    method: 'POST',
    path: '/chaos',
    summary: 'Make faults by a rule, from the next command on',
    body: chaosRuleSchema,
    status: 201,
    answer: addedRuleSchema,
    problems: [409, 422],
  },
  clearChaos: { method: 'DELETE', path: '/chaos', summary: 'No more faults', status: 204 },
  removeRule: {
    method: 'DELETE',
    path: '/chaos/{id}',
    summary: 'Take one rule back',
    status: 204,
    problems: [404],
  },
  clock: {
    method: 'GET',
    path: '/clock',
    summary: 'The time of the office',
    status: 200,
    answer: schemas.clockSchema,
  },
  advance: {
    method: 'POST',
    path: '/clock',
    summary: 'Move the time on',
    body: schemas.advanceSchema,
    status: 200,
    answer: schemas.clockSchema,
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description, in OpenAPI 3.1',
    status: 200,
    gives: 'application/json',
  },
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof endpoints
type Table = typeof endpoints

type Parsed<N extends EndpointName, K extends 'query' | 'body' | 'answer'> = Table[N] extends {
  readonly [P in K]: infer S extends z.ZodType
}
  ? z.output<S>
  : undefined

/** A request that was read and found to be in order. */
export interface Call<N extends EndpointName> {
  readonly query: Parsed<N, 'query'>
  readonly body: Table[N] extends { readonly takes: string } ? Uint8Array : Parsed<N, 'body'>
  /** What stands for the segments in braces, in order, decoded; '' for none. */
  readonly segments: readonly [string, string]
  /** Aborted when who asked has gone. */
  readonly signal: AbortSignal
}

/** What is answered where it is no JSON. */
export interface OctetsAnswer {
  readonly contentType: string
  readonly octets: Uint8Array
  /** To be saved under this name. */
  readonly filename?: string | undefined
}

export type AnswerOf<N extends EndpointName> = Table[N] extends { readonly gives: string }
  ? OctetsAnswer
  : Parsed<N, 'answer'>

export type Handlers = { readonly [N in EndpointName]: (call: Call<N>) => Promise<AnswerOf<N>> | AnswerOf<N> }
