// A link on which all that is sent arrives late, in both directions: what a client pays for each answer that it waits for.
import { connect, createServer, type Socket } from 'node:net'

/** Listens on that port of 127.0.0.1 and leads to the other, for as long as the process lives. */
export function listenSlowly(port: number, toPort: number, delayMs: number): void {
  createServer({ allowHalfOpen: true, noDelay: true }, near => {
    const far = connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    lead(near, far, delayMs)
    lead(far, near, delayMs)
  }).listen(port, '127.0.0.1', 1024)
}

/** Nothing waits for what was sent before it: a link is long, not narrow. */
function lead(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', chunk => setTimeout(() => to.write(chunk), delayMs))
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  from.on('error', () => to.destroy()).on('close', () => setTimeout(() => to.destroy(), 2 * delayMs))
}
