// What the clients fetch from: many small messages, and one large one, from memory.
import { composeMessage, type MaildropPlan } from '../corpus.ts'
import { listenBare } from '../servers/bare-maildrops.ts'
import { scenarios } from './scenarios.ts'

const plans = Object.entries(scenarios).map(([name, { messages, octets }]): MaildropPlan => {
  const made = Array.from({ length: messages }, (_, index) => composeMessage(index, octets))
  return {
    name,
    password: 'x',
    messageCount: messages,
    message: index => made[index] ?? composeMessage(index, octets),
  }
})

listenBare(plans, Number(process.argv[2]))
