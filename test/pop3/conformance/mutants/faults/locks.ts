// Faults of the lock, and of how many are served at once.
import type { Fault } from '../fault.ts'

const session = 'pop3/server/session.js'
const store = 'store/memory/maildrops.js'

const lock: readonly Fault[] = [
  {
    id: 'no-lock',
    file: store,
    find: 'if (state.liveLease(account.id))',
    replace: 'if (false)',
    caughtBy: ['lock-second-refused', 'lock-race'],
  },
  {
    id: 'lock-freed-by-the-refused',
    file: store,
    find: "throw new Refusal('maildrop-in-use'",
    replace: "state.leases.delete(account.id); throw new Refusal('maildrop-in-use'",
    caughtBy: ['lock-outlives-refused'],
  },
  {
    id: 'lock-kept-behind-cut',
    file: session,
    find: 'await release(this, maildrop);',
    replace: 'if (this.counts.commands > 2) await release(this, maildrop);',
    caughtBy: ['lock-free-after-cut'],
  },
  {
    id: 'lock-kept-by-quit',
    file: 'pop3/server/update.js',
    find: 'if (leaving === 0)',
    replace: 'if (leaving === 0 && session.counts.commands === 3) {}\n        else if (leaving === 0)',
    caughtBy: ['lock-free-after-quit'],
  },
  {
    id: 'lock-not-told',
    file: 'pop3/server/failure.js',
    find: "'maildrop-in-use': 'IN-USE'",
    replace: "'maildrop-in-use': 'SYS/TEMP'",
    caughtBy: ['lock-in-use'],
  },
]

const crowd: readonly Fault[] = [
  {
    id: 'three-connections',
    file: 'pop3/server/server.js',
    find: 'total: limits.sessions,',
    replace: 'total: 3,',
    caughtBy: ['hostile-idle-neighbours', 'greeting-to-each', 'hostile-crowd'],
  },
]

export const lockFaults: readonly Fault[] = [...lock, ...crowd]
