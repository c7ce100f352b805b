// The table of commands: in which states each is allowed and what it does there, where the RFCs say so, and which
// capability it stands for. HELP's and CAPA's texts come from it; the grammar of arguments is ../wire/command.ts.

import type { Capability } from '../wire/capability.ts'
import type { Command, CommandOf, Verb } from '../wire/command.ts'
import { apop, pass, quitUnauthenticated, user } from './authorization.ts'
import { lang, utf8 } from './lang.ts'
import { promisesOf } from './promises.ts'
import { auth } from './sasl.ts'
import {
  type Answer,
  type AuthorizationState,
  type CommandState,
  type Handler,
  type SessionContext,
  type TransactionState,
} from './state.ts'
import { stls } from './stls.ts'
import { dele, last, list, noop, retr, rset, stat, top, uidl } from './transaction.ts'
import { quit } from './update.ts'

export interface CommandRow<V extends Verb = Verb> {
  /** How it is written, for the documentation. */
  readonly usage: string
  readonly source: string
  readonly capability?: Capability
  /** A handler under a state's name allows the command in that state. */
  readonly authorization?: Handler<AuthorizationState, CommandOf<V>>
  readonly transaction?: Handler<TransactionState, CommandOf<V>>
}

export const commands: { readonly [V in Verb]: CommandRow<V> } = {
  USER: { usage: 'USER name', source: 'RFC 1939 section 7', capability: 'USER', authorization: user },
  PASS: { usage: 'PASS password', source: 'RFC 1939 section 7', authorization: pass },
  APOP: { usage: 'APOP name digest', source: 'RFC 1939 section 7', authorization: apop },
  AUTH: {
    usage: 'AUTH [mechanism [initial-response]]',
    source: 'RFC 5034 section 4',
    capability: 'SASL',
    authorization: auth,
  },
  STLS: { usage: 'STLS', source: 'RFC 2595 section 4', capability: 'STLS', authorization: stls },
  CAPA: { usage: 'CAPA', source: 'RFC 2449 section 5', authorization: capa, transaction: capa },
  HELP: { usage: 'HELP', source: 'an old extension', authorization: help, transaction: help },
  LANG: {
    usage: 'LANG [language-range]',
    source: 'RFC 6856 section 3',
    capability: 'LANG',
    authorization: lang,
    transaction: lang,
  },
  UTF8: { usage: 'UTF8', source: 'RFC 6856 section 2', capability: 'UTF8', authorization: utf8 },
  STAT: { usage: 'STAT', source: 'RFC 1939 section 5', transaction: stat },
  LIST: { usage: 'LIST [message]', source: 'RFC 1939 section 5', transaction: list },
  UIDL: {
    usage: 'UIDL [message]',
    source: 'RFC 1939 section 7',
    capability: 'UIDL',
    transaction: uidl,
  },
  RETR: { usage: 'RETR message', source: 'RFC 1939 section 5', transaction: retr },
  TOP: { usage: 'TOP message lines', source: 'RFC 1939 section 7', capability: 'TOP', transaction: top },
  DELE: { usage: 'DELE message', source: 'RFC 1939 section 5', transaction: dele },
  RSET: { usage: 'RSET', source: 'RFC 1939 section 5', transaction: rset },
  LAST: { usage: 'LAST', source: 'RFC 1460 section 5', transaction: last },
  NOOP: { usage: 'NOOP', source: 'RFC 1939 section 5', transaction: noop },
  QUIT: {
    usage: 'QUIT',
    source: 'RFC 1939 sections 4 and 6',
    authorization: quitUnauthenticated,
    transaction: quit,
  },
}

/** What the command does in this state; undefined when it is not allowed there. */
export function handlerOf(
  verb: Verb,
  state: CommandState['kind'],
): Handler<CommandState, Command> | undefined {
  // The row's type ties its handlers to its own state and verb, and both are what the row was looked up by.
  return commands[verb][state] as Handler<CommandState, Command> | undefined
}

const rows: readonly CommandRow[] = Object.values(commands) as CommandRow[]

export const capabilitiesOfCommands: readonly Capability[] = rows.flatMap(row => row.capability ?? [])

const verbs = Object.keys(commands).join(' ')

function capa({ services, channel, mayLogIn, language }: SessionContext, state: CommandState): Answer {
  const mechanisms = services.authenticator.sasl?.mechanisms(channel) ?? []
  const mayStartTls = services.tls !== undefined && channel === undefined
  const facts = { mayStartTls, mayLogIn, mechanisms, ...promisesOf(services.policy, state) }
  return { text: services.capabilities.textFor(facts, language) }
}

/** One line: a client that does not expect HELP to have more stays in step. */
function help({ language }: SessionContext): Answer {
  return { text: language.ok(language.texts.help(verbs)) }
}
