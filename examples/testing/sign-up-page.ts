// The app of the Playwright example: a page to sign up on, and one to type the code on that was mailed.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type SmtpServer, signUp } from './sign-up.js'

const page = (body: string) => `<!doctype html><html lang="en"><title>App</title><body>${body}</body></html>`

const welcome = page(
  '<form method="post" action="/sign-up"><label>Address <input name="address" type="email"></label><button>Sign up</button></form>',
)

const askForCode = (id: string) =>
  page(
    `<form method="post" action="/confirm"><input name="id" type="hidden" value="${id}"><label>Code <input name="code"></label><button>Confirm</button></form>`,
  )

export function createApp(smtp: SmtpServer): Server {
  const codes = new Map<string, string>()

  async function answer(request: IncomingMessage): Promise<string> {
    if (request.method !== 'POST') return welcome
    const form = new URLSearchParams(await bodyOf(request))
    if (request.url === '/sign-up') {
      const id = randomUUID()
      codes.set(id, await signUp(form.get('address') ?? '', smtp))
      return askForCode(id)
    }
    const isRight = codes.get(form.get('id') ?? '') === form.get('code')
    return page(isRight ? '<h1>Welcome</h1>' : '<h1>Wrong code</h1>')
  }

  return createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    answer(request).then(
      html => response.end(html),
      () => response.writeHead(500).end(),
    )
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
