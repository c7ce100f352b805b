// `poplar collect login`: OAuth2, once, by the owner of the mailbox; afterwards tokens are renewed without him.
import { Command } from 'commander'
import { tokensOfDestination, tokenVault } from '../../collecting.ts'
import type { CollectConfig } from '../../config.ts'
import type { OAuthOptions } from '../../mail/secret-origin.ts'
import { type LoginPrompt, loginToProvider } from '../../pop3/collector/oauth/login.ts'
import { resumed } from '../../pop3/collector/source-state.ts'
import { type ConfigOptions, configOption, withExamples } from '../arguments.ts'
import { CommandFailure } from '../failure.ts'
import { inOffice } from '../office.ts'
import { printable, printLine } from '../output.ts'
import { linesTyped } from '../terminal.ts'
import { chosenSources } from './at-hand.ts'

export function collectLoginCommand(): Command {
  const command = new Command('login')
    .description('log in to the provider of a source by OAuth2; its tokens are kept encrypted')
    .argument('<name>', 'a source with `oauth`')
    .addOption(configOption())
    .action(async (name: string, options: ConfigOptions) => {
      await inOffice(options, async office => {
        const [source] = chosenSources(office, [name])
        const logins = source ? loginsOf(source) : []
        if (logins.length === 0) throw new CommandFailure(`${name} does not log in by OAuth2`)
        const vault = tokenVault(office.config)
        for (const { tokens, user, oauth } of logins) {
          const given = await loginToProvider(oauth, user, {
            onPrompt: show,
            pasted: signal => linesTyped(signal),
            onNonsense: reason => process.stderr.write(`${reason}\n`),
            signal: AbortSignal.timeout(patienceMs),
          })
          await vault.save(tokens, oauth, given)
          printLine(`logged in to ${oauth.provider}${user === '' ? '' : ` as ${printable(user)}`}`)
        }
        const known = await office.store.findSource(name)
        if (known) await office.store.saveSource(resumed(known))
      })
    })
  return withExamples(command, [['poplar collect login gmail', 'shows an address and a code']])
}

const patienceMs = 30 * 60_000

interface WantedLogin {
  /** Under which its tokens are kept. */
  readonly tokens: string
  readonly user: string
  readonly oauth: OAuthOptions
}

/** Of the source itself, and of its destinations. */
function loginsOf({ name, user, secret, to }: CollectConfig): readonly WantedLogin[] {
  const own = secret.kind === 'oauth' ? [{ tokens: name, user, oauth: secret.oauth }] : []
  const others = to.flatMap(({ text, user: itsUser = '', secret: itsSecret }) =>
    itsSecret?.kind === 'oauth'
      ? [{ tokens: tokensOfDestination(name, text), user: itsUser, oauth: itsSecret.oauth }]
      : [],
  )
  return [...own, ...others]
}

function show(prompt: LoginPrompt): void {
  if (prompt.kind === 'browser')
    printLine(
      `Open this address in a browser:\n\n  ${prompt.url}\n\nOn this machine that is all. On another, the browser ends at an address that does not load: paste that here\n(it is not shown), and press Enter.`,
    )
  else
    printLine(
      `Open this address on any device, and type in the code:\n\n  ${prompt.url}\n  ${prompt.code}\n\nIt holds until ${prompt.expiresAt.toISOString()}.`,
    )
}
