// What a tracer is shown of a POP2 session: only what the grammar understood, and of that no secret. A line that is no command
// may be a password that was typed in the wrong place, so its length is all there is to see of it.
import type { TracedLine } from '../../net/observer.ts'
import { parseCommand } from '../wire/command.ts'

/** A line of the client; undefined was too long. */
export function tracedCommand(line: Uint8Array | undefined): TracedLine {
  const from = 'client'
  if (line === undefined) return { from, text: '<line too long>' }
  const command = parseCommand(line)
  if (command.verb === undefined) return { from, text: `<no command, ${line.length} octets>` }
  if (command.verb === 'HELO') return { from, text: 'HELO ', claim: command.name, rest: ' <password>' }
  return { from, text: Buffer.from(line).toString('latin1') }
}
