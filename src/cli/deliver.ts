// `poplar deliver`: the MDA that other mail systems run, one message on standard input. Exits with the codes of
// sysexits, which tell the caller whether to bounce the message or to keep it and try again.
import { Command } from 'commander'
import { ConfigError, deliveryRules } from '../config.ts'
import { createMailDelivery, type MailDelivery, type Recipient } from '../mail/delivery/deliver.ts'
import { localEnvelope } from '../mail/envelope.ts'
import { isRefusal, type RefusalCode } from '../mail/errors.ts'
import { parseAddress } from '../mail/message/address.ts'
import type { Octets } from '../mail/octets.ts'
import { type ConfigOptions, configOption, rejecting, withExamples } from './arguments.ts'
import { CommandFailure } from './failure.ts'
import { folderOption, hasFolder } from './folder-option.ts'
import { inOffice, type Office } from './office.ts'
import { exitOnWrongUsage } from './program.ts'

/** As in sysexits.h. */
const sysexits = { usage: 64, dataError: 65, noUser: 67, temporary: 75, config: 78 } as const

/** Refusals that the same message will meet again; whatever else goes wrong may be over the next time. */
const permanent: Partial<Record<RefusalCode, number>> = {
  'message-too-large': sysexits.dataError,
  'no-such-account': sysexits.noUser,
}

const outcomeExits = {
  'over-quota': [sysexits.temporary, 'is over quota'],
  'no-such-account': [sysexits.noUser, 'has no account here'],
  'duplicate-uidl': [sysexits.temporary, 'could not be given a new UIDL'],
  'already-collected': [sysexits.temporary, 'has it from a collector already'],
} as const

interface DeliverOptions extends ConfigOptions {
  readonly from?: string
  readonly folder?: string
}

export function deliverCommand(): Command {
  const command = new Command('deliver')
    .description('deliver the message on standard input; exits with the codes of sysexits')
    .argument('<recipient>', 'an account, an alias, or an address of a local domain')
    .option(
      '-f, --from <address>',
      'the reverse-path, for Return-Path; <> or nothing for none',
      rejecting(reversePath),
    )
    .addOption(folderOption('deliver into this folder, whatever else would be done with the message'))
    .addOption(configOption())
    .action(async (recipient: string, options: DeliverOptions) => {
      try {
        await inOffice(options, office => deliver(office, recipient, options))
      } catch (error) {
        throw sysexitFailure(error)
      }
    })
  exitOnWrongUsage(command, sysexits.usage)
  return withExamples(command, [
    ['poplar deliver ann -f bob@example.org < message', 'deliver one message'],
    ['poplar deliver ann+lists@example.net < message', 'to a sub-address'],
    ['poplar deliver ann --folder Junk < message', 'what a filter took for spam'],
  ])
}

async function deliver(office: Office, address: string, { from, folder }: DeliverOptions): Promise<void> {
  const { config, store } = office
  const delivery = createMailDelivery({
    directory: store,
    target: store,
    ...deliveryRules(config),
    // Files have LF line ends: here they smuggle nothing.
    bareNewline: 'normalize',
  })
  const resolved = await resolveRecipient(delivery, address)
  const recipient = folder === undefined ? resolved : { ...resolved, folder }
  if (folder !== undefined)
    for (const account of resolved.accounts)
      if (!(await hasFolder(office, account, folder)))
        throw new CommandFailure(`${account.name} has no folder ${folder}`, sysexits.usage)
  const message = await stripFromLine(process.stdin)
  const envelope = localEnvelope(from ?? message.sender, recipient.address)
  const { outcomes } = await delivery.deliver(envelope, message.octets, [recipient], 'all')
  for (const outcome of outcomes) {
    if (outcome.delivered) continue
    const [exitCode, reason] = outcomeExits[outcome.reason]
    throw new CommandFailure(`${address} ${reason}`, exitCode)
  }
}

async function resolveRecipient(delivery: MailDelivery, address: string): Promise<Recipient> {
  const resolution = await delivery.resolve(address)
  if (resolution.recipient) return resolution.recipient
  if (resolution.refusal === 'over-quota')
    throw new CommandFailure(`${address} is over quota`, sysexits.temporary)
  throw new CommandFailure(`${address} has no account here`, sysexits.noUser)
}

/** An mbox's From_ line, which some programs put in front, is no part of the message; it names the sender. */
export async function stripFromLine(input: Octets): Promise<{ octets: Octets; sender: string }> {
  const pieces = octetIterator(input)
  let beginning = Buffer.alloc(0)
  while (beginning.length < maxFromLineOctets && !beginning.includes('\n')) {
    const { done, value } = await pieces.next()
    if (done) break
    beginning = Buffer.concat([beginning, value])
  }
  const isFromLine = beginning.subarray(0, 5).equals(Buffer.from('From ')) && beginning.includes('\n')
  const line = isFromLine ? beginning.subarray(0, beginning.indexOf('\n')).toString() : ''
  const first = isFromLine ? beginning.subarray(beginning.indexOf('\n') + 1) : beginning
  async function* octets() {
    yield first
    yield* pieces
  }
  const sender = /^From (\S+)/.exec(line)?.[1] ?? ''
  return { octets: octets(), sender: parseAddress(sender)?.domain === undefined ? '' : sender }
}

const maxFromLineOctets = 1024

async function* octetIterator(octets: Octets): AsyncGenerator<Uint8Array, undefined> {
  yield* octets
  return undefined
}

/** Without angle brackets; empty for the null reverse-path. */
function reversePath(text: string): string {
  const path = text.replace(/^<(.*)>$/, '$1')
  if (path === '' || parseAddress(path)) return path
  throw new Error(`${JSON.stringify(text)} is no address`)
}

function sysexitFailure(error: unknown): unknown {
  if (error instanceof CommandFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  return new CommandFailure(message, exitCodeOf(error), { cause: error })
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return sysexits.config
  return (isRefusal(error) ? permanent[error.code] : undefined) ?? sysexits.temporary
}
