// Finds the endpoint that a request means.
import { apiPath, type Endpoint, type EndpointName, endpoints } from './endpoints.ts'
import { RequestProblem } from './problem.ts'

export interface Route {
  readonly name: EndpointName
  readonly endpoint: Endpoint
  readonly segments: readonly [string, string]
}

const routes = Object.entries(endpoints).map(([name, endpoint]: [string, Endpoint]) => ({
  name: name as EndpointName,
  endpoint,
  // No path has anything in it that means something in a pattern but the braces.
  pattern: new RegExp(`^${endpoint.path.replace(/\{\w+\}/g, '([^/]+)')}$`),
}))

/** Throws 404 with the way to the description, or 405 with what is allowed. */
export function findRoute(method: string, path: string): Route {
  if (!path.startsWith(`${apiPath}/`)) throw notFound(path)
  const below = path.slice(apiPath.length)
  const found = routes.flatMap(({ pattern, ...route }) => {
    const match = pattern.exec(below)
    return match ? [{ ...route, match }] : []
  })
  if (found.length === 0) throw notFound(path)
  const wanted = method === 'HEAD' ? 'GET' : method
  const route = found.find(({ endpoint }) => endpoint.method === wanted)
  if (!route) {
    const allowed = found.map(({ endpoint }) => endpoint.method).join(', ')
    throw new RequestProblem(405, `${path} is for ${allowed}`, [], allowed)
  }
  const { name, endpoint, match } = route
  return { name, endpoint, segments: [decoded(match[1]), decoded(match[2])] }
}

function notFound(path: string): RequestProblem {
  return new RequestProblem(404, `there is no ${path}; ${apiPath}/openapi.json tells what there is`)
}

function decoded(segment = ''): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new RequestProblem(400, `${segment} is not percent-encoded as it should be`)
  }
}
