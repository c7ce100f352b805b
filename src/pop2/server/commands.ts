// The table of POP2's commands: in which of the states of RFC 937 each is allowed, and what it does there.
import type { Command, CommandOf, Verb } from '../wire/command.ts'
import { fold, helo, quit, quitUnauthenticated } from './mailbox.ts'
import { ackd, acks, nack, read, retr } from './reading.ts'
import type { AuthState, CommandState, Handler, ItemState, MboxState, NextState } from './state.ts'

interface CommandRow<V extends Verb> {
  /** A handler under a state's name allows the command in that state. */
  readonly AUTH?: Handler<AuthState, CommandOf<V>>
  readonly MBOX?: Handler<MboxState, CommandOf<V>>
  readonly ITEM?: Handler<ItemState, CommandOf<V>>
  readonly NEXT?: Handler<NextState, CommandOf<V>>
}

const commands: { readonly [V in Verb]: CommandRow<V> } = {
  HELO: { AUTH: helo },
  FOLD: { MBOX: fold, ITEM: fold },
  READ: { MBOX: read, ITEM: read },
  RETR: { ITEM: retr },
  ACKS: { NEXT: acks },
  ACKD: { NEXT: ackd },
  NACK: { NEXT: nack },
  QUIT: { AUTH: quitUnauthenticated, MBOX: quit, ITEM: quit },
}

/** What the command does in this state; undefined when it is not allowed there. */
export function handlerOf(
  verb: Verb,
  state: CommandState['kind'],
): Handler<CommandState, Command> | undefined {
  // The row's type ties its handlers to its own state and verb, and both are what the row was looked up by.
  return commands[verb][state] as Handler<CommandState, Command> | undefined
}
