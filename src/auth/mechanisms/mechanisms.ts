// The table of SASL mechanisms that the server knows, the strongest first: what a channel or an account must have for
// each is in its row.
import type { Mechanism } from '../sasl.ts'
import { cramMd5 } from './cram-md5.ts'
import { external } from './external.ts'
import { login } from './login.ts'
import { oauthbearer } from './oauthbearer.ts'
import { plain } from './plain.ts'
import { scramSha1, scramSha1Plus, scramSha256, scramSha256Plus } from './scram.ts'
import { xoauth2 } from './xoauth2.ts'

export const mechanisms: readonly Mechanism[] = [
  scramSha256Plus,
  scramSha1Plus,
  scramSha256,
  scramSha1,
  external,
  oauthbearer,
  xoauth2,
  cramMd5,
  plain,
  login,
]
