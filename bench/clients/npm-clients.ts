// The clients of npm, installed in a folder of their own, with what the programs here need of their types.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

interface NodePop3 {
  RETR(number: number): Promise<string>
  QUIT(): Promise<unknown>
}

interface Yapople {
  connect(): Promise<void>
  retrieve(number: number): Promise<string | Buffer>
  quit(): Promise<unknown>
}

export interface Account {
  readonly port: number
  readonly user: string
}

export async function nodePop3(folder: string, { port, user }: Account): Promise<NodePop3> {
  const module = (await load(folder, 'node-pop3')) as { default: new (options: object) => NodePop3 }
  return new module.default({ user, password: 'x', host: '127.0.0.1', port, tls: false })
}

export async function yapople(folder: string, { port, user }: Account): Promise<Yapople> {
  const module = (await load(folder, 'yapople')) as { Client: new (options: object) => Yapople }
  const options = { host: '127.0.0.1', port, tls: false, username: user, password: 'x', mailparser: false }
  const client = new module.Client(options)
  await client.connect()
  return client
}

async function load(folder: string, name: string): Promise<unknown> {
  const file = createRequire(pathToFileURL(`${folder}/package.json`)).resolve(name)
  return import(pathToFileURL(file).href)
}
