// The API in OpenAPI 3.1, out of the table of endpoints and the schemas that check what comes and goes.
import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { chaosRuleSchema } from './chaos-rule.ts'
import { apiPath, type Endpoint, endpoints } from './endpoints.ts'
import { problemType } from './problem.ts'
import { mailboxSchema, messageSchema, problemSchema, summarySchema } from './schemas.ts'

const named = {
  Message: messageSchema,
  MessageSummary: summarySchema,
  Mailbox: mailboxSchema,
  ChaosRule: chaosRuleSchema,
  Problem: problemSchema,
}

interface JsonObject {
  readonly [key: string]: unknown
}

export function openapiDocument(version: string): JsonObject {
  const table: [string, Endpoint][] = Object.entries(endpoints)
  const registry = z.registry<{ readonly id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  for (const [name, { body, answer }] of table) {
    for (const [schema, id] of [
      [body, `${capital(name)}Request`],
      [answer, `${capital(name)}Answer`],
    ] as const)
      if (schema && !registry.has(schema)) registry.add(schema, { id })
  }
  const uri = (id: string) => `#/components/schemas/${id}`
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri })
  const reference = (schema: z.ZodType) => ({ $ref: uri(registry.get(schema)?.id ?? '') })
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const [name, endpoint] of table) {
    paths[endpoint.path] ??= {}
    Object.assign(paths[endpoint.path] ?? {}, {
      [endpoint.method.toLowerCase()]: operation(name, endpoint, reference),
    })
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Poplar test office',
      version,
      description: 'Mail for tests: what came in by SMTP, what is fetched by POP3, and faults on purpose.',
    },
    servers: [{ url: apiPath }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)])),
    },
  }
}

type Reference = (schema: z.ZodType) => JsonObject

function operation(name: string, endpoint: Endpoint, reference: Reference): JsonObject {
  const { summary, body, takes, status, answer, gives } = endpoint
  const content = answer
    ? { 'application/json': { schema: reference(answer) } }
    : gives !== undefined && { [gives]: {} }
  const problem = { [problemType]: { schema: reference(problemSchema) } }
  const parameters = [...pathParameters(endpoint), ...queryParameters(endpoint)]
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { content: { 'application/json': { schema: reference(body) } } } }),
    ...(takes !== undefined && { requestBody: { required: true, content: { [takes]: {} } } }),
    responses: {
      [status]: { description: STATUS_CODES[status] ?? '', ...(content && { content }) },
      ...Object.fromEntries(
        problemsOf(endpoint).map(each => [each, { description: STATUS_CODES[each] ?? '', content: problem }]),
      ),
    },
  }
}

/** Any request may come from where it must not. */
function problemsOf({ query, body, takes, problems = [] }: Endpoint): readonly number[] {
  const hasBody = body !== undefined || takes !== undefined
  return [...(query || hasBody ? [400] : []), 403, ...problems, ...(hasBody ? [413, 415] : []), 421].sort(
    (one, other) => one - other,
  )
}

function pathParameters({ path }: Endpoint): readonly JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
}

function queryParameters({ query }: Endpoint): readonly JsonObject[] {
  if (!query) return []
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }))
}

/** Within a document schemas have no addresses of their own. */
function bare(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema)
  return Object.fromEntries(entries.filter(([name]) => name !== '$schema' && name !== '$id'))
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
