// Where fetchmail puts mail, in our terms: an MDA, LMTP, or SMTP to the first host of its list.

import { commandWords } from '../../../mail/command-words.ts'
import { isOn, type RcOptions, textOf, wordsOf } from './fetchmail-rc.ts'
import { commandDestination, shellDestination } from './foreign-command.ts'

export interface ForeignDestinations {
  readonly to: readonly string[]
  readonly remarks: readonly string[]
}

/** `locals` as they stand behind `is`. */
export function fetchmailDestinations(locals: readonly string[], options: RcOptions): ForeignDestinations {
  const isMultidrop = locals.length > 1 || locals.some(name => name === '*' || name.includes('='))
  if (isMultidrop)
    return nowhere(
      'it sorts mail by header to several local users; here a source has one set of destinations',
    )
  const local = locals[0]
  const mda = textOf(options, 'mda')
  if (mda !== undefined) return byCommand(mda, local)
  if (textOf(options, 'bsmtp') !== undefined) return nowhere()
  const recipient = textOf(options, 'smtpname') ?? addressOf(local, options)
  if (recipient === undefined) return nowhere('its mail goes to the local user who runs it')
  return byServer(wordsOf(options, 'smtphost')[0] ?? 'localhost', recipient, isOn(options, 'lmtp'))
}

function nowhere(...remarks: string[]): ForeignDestinations {
  return { to: [], remarks }
}

function addressOf(local: string | undefined, options: RcOptions): string | undefined {
  if (local === undefined) return undefined
  return local.includes('@') ? local : `${local}@${textOf(options, 'smtpaddress') ?? 'localhost'}`
}

/** `%T` and `%s` are the recipient, `%F` and `%f` the sender. */
function byCommand(mda: string, local: string | undefined): ForeignDestinations {
  const line = local !== undefined && /^[\w.@+-]+$/.test(local) ? mda.replace(/%[Ts]/g, () => local) : mda
  const destination = commandDestination(commandWords(line)) ?? shellDestination(line)
  return destination === undefined
    ? nowhere('its MDA takes the sender or more: put it into a script, and name that as `command:/path`')
    : { to: [destination], remarks: [] }
}

/** `host`, `host/port`, or the path of a socket. */
function byServer(server: string, recipient: string, isLmtp: boolean): ForeignDestinations {
  const to = encodeURIComponent(recipient).replaceAll('%40', '@')
  if (server.startsWith('/')) return { to: [`lmtp+unix:${server}?to=${to}`], remarks: [] }
  const [host = '', port = isLmtp ? '' : '25'] = server.split('/')
  if (!/^\d{1,5}$/.test(port)) return nowhere('the port of its LMTP server cannot be told')
  const scheme = isLmtp ? 'lmtp' : 'smtp'
  return {
    to: [`${scheme}://${host}:${port}/${to}`],
    remarks: [
      `its mail goes to ${recipient} by ${scheme.toUpperCase()}; a mailbox of this office is named instead, such as \`to = ["ann"]\``,
    ],
  }
}
