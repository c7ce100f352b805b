// What a running server can be asked over its control socket: HTTP/1.1 with JSON, one version in every path. Requests and
// answers are checked against these schemas on both sides. Streams are JSON, a line for each value.
import { z } from 'zod'
import { parseNetwork } from '../mail/network.ts'

/** Grows when an answer means something else than before; fields may be added without. */
export const apiVersion = 1

const atMost = (length: number) => z.string().min(1).max(length)

/** Which sessions: exactly one of these. */
export const selectionSchema = z.union([
  z.strictObject({ session: atMost(64) }),
  /** An account's name, in its folded form: those who are logged in to it. */
  z.strictObject({ user: atMost(512) }),
  /** An address, or a range such as `192.0.2.0/24`. */
  z.strictObject({
    from: atMost(64).refine(text => parseNetwork(text) !== undefined, 'no address or range'),
  }),
])
export type Selection = z.output<typeof selectionSchema>

const sessionSchema = z.object({
  id: z.string(),
  protocol: z.string(),
  service: z.string(),
  peer: z.string(),
  user: z.string().nullable(),
  mechanism: z.string().nullable(),
  tls: z.object({ version: z.string(), cipher: z.string() }).nullable(),
  state: z.string(),
  octetsIn: z.number(),
  octetsOut: z.number(),
  commands: z.number(),
  ageMs: z.number(),
  idleMs: z.number(),
})
export type SessionView = z.output<typeof sessionSchema>

/** `finished`: it was in UPDATE, which was waited for. `ending`: it is not gone yet. */
const endedSchema = z.object({
  ...sessionSchema.shape,
  outcome: z.enum(['ended', 'finished', 'ending']),
})
export type EndedSession = z.output<typeof endedSchema>

/** Of a followed session; or how many lines a slow reader has lost at this place. */
const traceEventSchema = z.union([
  z.object({
    at: z.iso.datetime(),
    session: z.string(),
    protocol: z.string(),
    peer: z.string(),
    user: z.string().nullable(),
    from: z.enum(['client', 'server', 'note']),
    text: z.string(),
  }),
  z.object({ lost: z.number() }),
])
export type TraceEvent = z.output<typeof traceEventSchema>

const busySchema = z.object({
  name: z.string(),
  sessions: z.number(),
  commandsPerSecond: z.number(),
  octetsPerSecond: z.number(),
})
export type Busy = z.output<typeof busySchema>

/** What went on since the frame before, rates per second. */
export const loadSchema = z.object({
  at: z.iso.datetime(),
  uptimeMs: z.number(),
  residentOctets: z.number(),
  sessions: z.array(z.object({ protocol: z.string(), state: z.string(), count: z.number() })),
  openedPerSecond: z.number(),
  commands: z.array(
    z.object({ protocol: z.string(), verb: z.string(), perSecond: z.number(), refusedPerSecond: z.number() }),
  ),
  logins: z.array(z.object({ outcome: z.string(), perSecond: z.number() })),
  octetsInPerSecond: z.number(),
  octetsOutPerSecond: z.number(),
  /** How late the event loop was. */
  lagMs: z.object({ mean: z.number(), p99: z.number(), max: z.number() }),
  /** Pieces of work that wait for the store's writer; null where that is not known. */
  storeQueue: z.number().nullable(),
  users: z.array(busySchema),
  peers: z.array(busySchema),
})
export type Load = z.output<typeof loadSchema>

/** Path below `/v1` -> what it takes, what it gives. */
export const endpoints = {
  sessions: { method: 'GET', path: '/sessions', answer: z.object({ sessions: z.array(sessionSchema) }) },
  end: { method: 'POST', path: '/sessions/end', answer: z.object({ sessions: z.array(endedSchema) }) },
  trace: { method: 'POST', path: '/trace', answer: traceEventSchema },
  load: { method: 'GET', path: '/load', answer: loadSchema },
} as const satisfies Record<string, { method: 'GET' | 'POST'; path: string; answer: z.ZodType }>

export const problemSchema = z.object({ problem: z.string() })
