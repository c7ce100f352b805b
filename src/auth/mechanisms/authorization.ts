// Authorization identities, RFC 4422 section 3.4.1: nobody acts for somebody else here, so who is asked for must be who
// has logged in.
import { foldAddress } from '../../mail/fold.ts'
import type { Login } from '../login.ts'
import type { Verifier } from '../sasl.ts'
import { type Ending, ending, refused } from './exchange.ts'

/** Success, unless the client asks to act as another account. `octets` are the mechanism's last words. */
export async function authorized(
  verifier: Verifier,
  login: Login | undefined,
  { name, actAs }: { readonly name: string; readonly actAs: string | undefined },
  octets?: Uint8Array,
): Promise<Ending> {
  const isSame = actAs === undefined || actAs === name
  // Only now that the password was right may the answer depend on who has that name.
  if (login && !isSame && foldAddress(actAs) !== login.account.name)
    return refused(verifier, 'authorization', name)
  return ending(login, octets)
}
