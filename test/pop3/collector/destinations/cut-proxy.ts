// Passes a connection on to a server, and breaks it where a test wants: after so many octets of the message that is appended, or
// in place of the answer to it.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

export class CutProxy {
  readonly #server: Server
  readonly #drops = new Set<() => void>()
  #cut: number | 'answer' | undefined

  private constructor(port: number) {
    this.#server = createServer(client => {
      const server = connect(port, '127.0.0.1')
      let appended: number | undefined
      const drop = () => {
        client.destroy()
        server.destroy()
        this.#drops.delete(drop)
      }
      this.#drops.add(drop)
      client.on('error', drop).on('close', drop)
      server.on('error', drop).on('close', drop)
      client.on('data', chunk => {
        if (appended === undefined && /^\S+ APPEND /m.test(chunk.toString('latin1'))) appended = 0
        else if (appended !== undefined) appended += chunk.length
        const isTooMuch = typeof this.#cut === 'number' && (appended ?? 0) > this.#cut
        if (!isTooMuch) return void server.write(chunk)
        server.write(chunk.subarray(0, chunk.length - ((appended ?? 0) - Number(this.#cut))), drop)
      })
      server.on('data', chunk => {
        // Dovecot has said this once the message is stored.
        if (this.#cut === 'answer' && chunk.includes('APPENDUID')) return drop()
        client.write(chunk)
      })
    })
  }

  static async start(port: number): Promise<CutProxy> {
    const proxy = new CutProxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  cutAt(cut: number | 'answer' | undefined): void {
    this.#cut = cut
  }

  async close(): Promise<void> {
    for (const drop of this.#drops) drop()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
