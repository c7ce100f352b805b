// One login with AUTH PLAIN (RFC 4616, RFC 5034), or one connection, from an address of its own, that tells how it ended.
import type { Visitor } from './flood-schedule.ts'
import { openTransport } from './transport.ts'

/** `turned-away` had no chance to say who it is, or no answer. */
export type Outcome = 'let-in' | 'refused' | 'turned-away'

/** `answered` is called once, with the reply to the login or when none can come. Gives what ends the visit early. */
export function visit(
  port: number,
  { address, name, password }: Visitor,
  answered: (outcome: Outcome) => void,
): () => void {
  let outcome: Outcome | undefined
  let text = ''
  let hasGreeted = false
  const settle = (how: Outcome) => {
    if (outcome) return
    outcome = how
    answered(how)
  }
  const takeLine = (isPositive: boolean) => {
    if (outcome) return
    if (!hasGreeted && isPositive) {
      hasGreeted = true
      const message = Buffer.from(`\0${name}\0${password}`).toString('base64')
      return transport.write(`AUTH PLAIN ${message}\r\n`)
    }
    settle(isPositive ? 'let-in' : hasGreeted ? 'refused' : 'turned-away')
    if (isPositive) transport.write('QUIT\r\n')
    else transport.destroy()
  }
  const transport = openTransport(
    { port, localAddress: address },
    {
      take: chunk => {
        text += chunk.toString('latin1')
        for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
          takeLine(text.startsWith('+OK'))
          text = text.slice(end + 1)
        }
      },
      closed: () => settle('turned-away'),
      failed: () => settle('turned-away'),
    },
  )
  return () => transport.destroy()
}

/** Connects and goes at once when it is greeted, or sent away: `let-in` is the greeting. */
export function knock(
  port: number,
  { address }: Pick<Visitor, 'address'>,
  answered: (outcome: Outcome) => void,
): () => void {
  let isSettled = false
  const settle = (how: Outcome) => {
    if (!isSettled) answered(how)
    isSettled = true
    transport.destroy()
  }
  const transport = openTransport(
    { port, localAddress: address },
    {
      take: chunk => settle(chunk.toString('latin1').startsWith('+OK') ? 'let-in' : 'turned-away'),
      closed: () => settle('turned-away'),
      failed: () => settle('turned-away'),
    },
  )
  return () => transport.destroy()
}
