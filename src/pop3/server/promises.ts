// What CAPA promises of retention and logins, RFC 2449 sections 6.5 and 6.7: the strictest of all accounts while nobody has
// logged in, and then what holds for who has.
import type { AccountPolicy, CommonAnnouncement } from '../../mail/account-policy.ts'
import type { Promised } from '../wire/capability.ts'
import type { CommandState, TransactionState } from './state.ts'

export interface Promises {
  readonly expire: Promised<'NEVER' | number> | undefined
  readonly loginDelay: Promised<number> | undefined
}

export function promisesOf(policy: AccountPolicy, state: CommandState): Promises {
  return promises(state.kind === 'transaction' ? own(policy, state) : policy.forEverybody())
}

function own(policy: AccountPolicy, { account, folders }: TransactionState): CommonAnnouncement {
  const { settings } = account
  return {
    loginDelayMs: policy.loginDelayMs(settings),
    loginDelayDiffers: false,
    expire: policy.expire(settings, folders),
    expireDiffers: false,
  }
}

function promises(announced: CommonAnnouncement): Promises {
  const { expire, expireDiffers, loginDelayMs, loginDelayDiffers } = announced
  return {
    expire:
      expire === undefined
        ? undefined
        : { value: expire === 'never' ? 'NEVER' : expire, differs: expireDiffers },
    loginDelay:
      loginDelayMs === 0 ? undefined : { value: Math.ceil(loginDelayMs / 1000), differs: loginDelayDiffers },
  }
}
