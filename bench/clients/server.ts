// What the clients fetch from: many small messages, and one large one, from memory. Behind the first port is one more for each
// scenario with a delay, in their order.
import { composeMessage, type MaildropPlan } from '../corpus.ts'
import { listenBare } from '../servers/bare-maildrops.ts'
import { scenarios } from './scenarios.ts'
import { listenSlowly } from './slow-link.ts'

const plans = Object.entries(scenarios).map(([name, { messages, octets }]): MaildropPlan => {
  const made = Array.from({ length: messages }, (_, index) => composeMessage(index, octets))
  return {
    name,
    password: 'x',
    messageCount: messages,
    message: index => made[index] ?? composeMessage(index, octets),
  }
})

const [port = 0, ...farPorts] = process.argv.slice(2).map(Number)
listenBare(plans, port)
const delays = Object.values(scenarios).flatMap(({ delayMs }) => (delayMs > 0 ? [delayMs] : []))
for (const [index, delayMs] of delays.entries()) listenSlowly(farPorts[index] ?? 0, port, delayMs)
