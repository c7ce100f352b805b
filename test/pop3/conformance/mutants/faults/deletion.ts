// Faults of DELE, RSET, QUIT and UPDATE, and of what a session sees of what happens beside it.
import type { Fault } from '../fault.ts'

const transaction = 'pop3/server/transaction.js'
const maildrop = 'mail/session-maildrop.js'
const session = 'pop3/server/session.js'
const store = 'store/memory/maildrops.js'

/** A listing that looks at the store each time. */
const live =
  'const live = () => openView(entry, {}).view.listing; const listing = { get count() { return live().count; }, get octets() { return live().octets; }, get uidls() { return live().uidls; }, get totalOctets() { return live().totalOctets; } };'

const marking: readonly Fault[] = [
  {
    id: 'dele-renumbers',
    file: maildrop,
    find: 'const index = number - 1;',
    replace: 'let index = number - 1; for (let at = 0; at <= index; at++) if (this.isMarked(at)) index++;',
    caughtBy: ['dele-hides'],
  },
  {
    id: 'dele-hides-nothing',
    file: maildrop,
    find: 'this.isMarked(index) ? deleted : { index }',
    replace: '{ index }',
    caughtBy: [
      'list-deleted-refused',
      'retr-deleted-refused',
      'dele-deleted-refused',
      'top-deleted-refused',
      'uidl-deleted-refused',
    ],
  },
  {
    id: 'dele-wants-to-be-read-first',
    file: transaction,
    find: 'maildrop.mark(found.index);',
    replace:
      'if (maildrop.lastAccessed === 0) return { text: "-ERR read it first\\r\\n" }; maildrop.mark(found.index);',
    caughtBy: ['dele-unread'],
  },
  {
    id: 'dele-forgets-those-before',
    file: maildrop,
    find: 'this.#marks ??= new Uint8Array(this.listing.count);',
    replace: 'this.#marks = new Uint8Array(this.listing.count);',
    caughtBy: ['dele-first-in-a-row'],
  },
  {
    id: 'rset-forgets-nothing',
    file: maildrop,
    find: 'reset() {',
    replace: 'reset() { return;',
    caughtBy: ['rset-makes-readable', 'list-after-unmarking'],
  },
  {
    id: 'rset-counts-only',
    file: maildrop,
    find: 'this.#marks = undefined;\n        this.#markedCount = 0;',
    replace: 'this.#markedCount = 0;',
    caughtBy: ['rset-makes-readable'],
  },
  {
    id: 'rset-with-a-dot',
    file: transaction,
    find: 'language.texts.unmarked(maildrop.count, maildrop.octets))',
    replace: 'language.texts.unmarked(maildrop.count, maildrop.octets)) + ".\\r\\n"',
    caughtBy: ['rset-one-reply'],
  },
  {
    id: 'noop-unmarks',
    file: transaction,
    find: 'export function noop() {',
    replace: 'export function noop(_session, { maildrop }) { maildrop.reset();',
    caughtBy: ['noop-changes-nothing'],
  },
  {
    id: 'noop-lf-only',
    file: transaction,
    find: "const nothing = positive('');",
    replace: 'const nothing = { text: "+OK\\n" };',
    caughtBy: ['noop-changes-nothing'],
  },
  {
    id: 'capa-unmarks',
    file: 'pop3/server/commands.js',
    find: 'const mayStartTls = services.tls',
    replace: 'state.maildrop?.reset(); const mayStartTls = services.tls',
    caughtBy: ['capa-in-mid-session'],
  },
]

const update: readonly Fault[] = [
  {
    id: 'quit-deletes-nothing',
    file: 'pop3/server/update.js',
    find: 'await maildrop.update(retrieved);',
    replace: 'await release(session, maildrop);',
    caughtBy: ['dele-removes-that-one'],
  },
  {
    id: 'quit-answers-before-it-deletes',
    file: 'pop3/server/update.js',
    find: 'await maildrop.update(retrieved);',
    replace: 'setTimeout(() => void maildrop.update(retrieved), 700);',
    caughtBy: ['lock-free-after-deletion'],
  },
  {
    id: 'quit-deletes-the-one-before',
    file: maildrop,
    find: 'if (this.isMarked(index))\n                indexes',
    replace: 'if (this.isMarked(index + 1))\n                indexes',
    caughtBy: ['dele-removes-that-one'],
  },
  {
    id: 'quit-deletes-all',
    file: maildrop,
    find: 'if (this.isMarked(index))\n                indexes',
    replace: 'if (true)\n                indexes',
    caughtBy: ['dele-removes-that-one'],
  },
  {
    id: 'quit-empties-what-is-all-marked',
    file: store,
    find: 'const uidls = [...indexes, ...retrieved].map(index => uidlAt(listing, index));',
    replace:
      'const uidls = indexes.length === listing.count ? [...entry.messages.keys()] : [...indexes, ...retrieved].map(index => uidlAt(listing, index));',
    caughtBy: ['arrival-outlives-deletion-of-all'],
  },
  {
    id: 'quit-deletes-the-first-only',
    file: store,
    find: 'leave(state, entry, message, { policy, cause });',
    replace: 'leave(state, entry, message, { policy, cause }); break;',
    caughtBy: ['update-all'],
  },
  {
    id: 'quit-deletes-what-was-read',
    file: 'pop3/server/login.js',
    find: "readOnly ? 'nothing' : policy.afterRetrieval(account.settings, folders)",
    replace: "'delete'",
    caughtBy: ['update-not-what-was-read', 'retr-deletes-nothing'],
  },
  {
    id: 'quit-does-not-close',
    file: 'pop3/server/update.js',
    find: ", end: 'quit' }",
    replace: ' }',
    caughtBy: ['update-deaf-behind-quit'],
  },
  {
    id: 'drop-deletes',
    file: session,
    find: 'await release(this, maildrop);',
    replace: 'await maildrop.update();',
    caughtBy: ['update-not-by-cut', 'pipelining-half-close-keeps'],
  },
]

const beside: readonly Fault[] = [
  {
    id: 'listing-looks-again',
    file: store,
    find: 'const { listing } = view;',
    replace: live,
    caughtBy: ['arrival-unseen-by-stat', 'expunged-is-no-other', 'expunged-moves-no-number'],
  },
]

export const deletionFaults: readonly Fault[] = [...marking, ...update, ...beside]
