// The table of maildrops: what POP3 shows of an account, and what becomes of what it deletes. And the keys of delivery that
// bring mail into folders.
import { z } from 'zod'
import { parseAccountName } from '../mail/account-name.ts'
import { parseHeaderRule } from '../mail/delivery/header-rule.ts'
import { deletePolicies } from '../mail/maildrop-settings.ts'
import { parseView } from '../mail/view.ts'
import { choice, describe, parsed, text } from './key.ts'

export const maildrop = z
  .strictObject({
    view: describe(parsed(parseView).prefault('inbox'), {
      takes:
        'terms parted by commas: inbox, inbox+junk or folder=NAME; newest=N; since=YYYY-MM-DD or recent; read-only',
      byDefault: { value: 'inbox' },
      description:
        'What a POP3 session sees of an account, unless `poplar user set --view`, an app password or the login name say otherwise (docs/views.md).',
    }),
    on_delete: choice(
      deletePolicies,
      'expunge',
      'What becomes of what a client deletes, at QUIT: `"expunge"` removes it (see `undelete` in [store]), `"trash"` moves it to the folder Trash, `"hide"` keeps it where it is but shows it by POP3 no longer.',
    ),
    junk_mark: text(
      /^[!-~]([ -~]{0,30}[!-~])?$/,
      '[Junk]',
      'at most 32 printable ASCII characters, no space around them',
      'What stands before the Subject of messages of Junk where a view shows them among those of INBOX.',
    ),
    hosts: describe(z.array(parsed(parseAccountName)).prefault([]), {
      takes: 'a list of names of accounts such as ["office"]',
      byDefault: { value: [] },
      description:
        'Accounts that hold the mail of a whole host, by a catch-all alias such as `@office.example.net`: who logs in as `john+office`, `john@office` or `john@office.example.net` sees of `office` what was sent to john.',
    }),
  })
  .prefault({})

/** Of [delivery]. */
export const intoFolders = {
  to_folder: choice(
    ['junk', 'existing', 'never'],
    'junk',
    'Where mail to `ann+Lists` goes: `"existing"` into the folder of that name if ann has it, Trash excepted, `"junk"` so only for `ann+Junk`, `"never"` always into INBOX.',
  ),
  junk_headers: describe(z.array(parsed(parseHeaderRule)).prefault(['X-Spam-Flag: YES']), {
    takes: 'a list of header fields such as ["X-Spam-Flag: YES"]',
    byDefault: { value: ['X-Spam-Flag: YES'] },
    description:
      'Messages with one of these fields go into Junk: name and first word are compared without regard to case. `[]` for none.',
  }),
}
