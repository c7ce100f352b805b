// Views in words, and how those of configuration, settings and login name come together.
import { describe, expect, it } from 'vitest'
import { plainViews, viewOfLogin } from '../../src/mail/login-view.ts'
import type { MaildropSettings } from '../../src/mail/maildrop-settings.ts'
import type { MaildropOptions } from '../../src/mail/maildrop-store.ts'
import { parseView } from '../../src/mail/view.ts'

const now = Date.UTC(2026, 10, 25)
const thirtyDaysAgo = Date.UTC(2026, 9, 26)
const day = Date.UTC(2026, 10, 1)

describe('a view in words', () => {
  it.each([
    ['', 'nothing'],
    ['inbox,', 'an empty term'],
    ['Outbox', 'no such term'],
    ['inbox,folder=Lists', 'two sources'],
    ['newest=5,newest=6', 'two numbers'],
    ['newest', 'no number'],
    ['inbox=1', 'a value too many'],
    ['constructor', 'a name that every object has'],
    ['folder=', 'no folder'],
    ['folder=a:b', 'a folder that no login name could name'],
    ['since=yesterday', 'no date'],
  ])('%j is refused: %s', text => {
    expect(() => parseView(text)).toThrow()
  })

  it('may be written with spaces and in any case', () => {
    expect(parseView('Inbox+Junk, NEWEST=5 , read-only')).toEqual({
      source: { kind: 'inbox+junk' },
      newest: 5,
      readOnly: true,
    })
  })
})

describe('what a session sees', () => {
  const junk = { junk: plainViews.junkMark }
  const onDelete = 'expunge'
  interface Case {
    readonly configured?: string
    readonly account?: MaildropSettings
    readonly app?: MaildropSettings
    readonly name?: string
    /** Undefined: it is refused. */
    readonly sees: MaildropOptions | undefined
    readonly readOnly?: true
  }
  it.each<[reason: string, Case]>([
    ['INBOX, and deletes', { sees: { onDelete } }],
    ['what is configured', { configured: 'inbox+junk', sees: { onDelete, ...junk } }],
    [
      'what the account says instead',
      { configured: 'inbox+junk', account: { view: 'newest=5' }, sees: { onDelete, newest: 5 } },
    ],
    ['a folder of the name', { name: 'ann+Lists', sees: { onDelete, folder: 'Lists' } }],
    [
      'a folder of the name in place of the settings',
      {
        account: { view: 'inbox+junk,newest=9' },
        name: 'ann+Lists',
        sees: { onDelete, folder: 'Lists', newest: 9 },
      },
    ],
    [
      'recent mail, and deletes nothing',
      { name: 'recent:ann', sees: { onDelete, since: thirtyDaysAgo }, readOnly: true },
    ],
    [
      'read-only, whatever the name says',
      { account: { view: 'read-only' }, name: 'newest=3:ann', sees: { onDelete, newest: 3 }, readOnly: true },
    ],
    [
      'read-only as configured, whatever the account says instead',
      {
        configured: 'newest=9,read-only',
        account: { view: 'inbox+junk' },
        sees: { onDelete, ...junk },
        readOnly: true,
      },
    ],
    [
      'read-only as the account, whatever the app password says instead',
      { account: { view: 'read-only' }, app: { view: 'inbox' }, sees: { onDelete }, readOnly: true },
    ],
    ['the policy of the account', { account: { onDelete: 'hide' }, sees: { onDelete: 'hide' } }],
    [
      'the policy of the app password before it',
      { account: { onDelete: 'hide' }, app: { onDelete: 'trash' }, sees: { onDelete: 'trash' } },
    ],
    [
      'the view of the account with an app password that has none',
      { account: { view: 'newest=5' }, app: {}, sees: { onDelete, newest: 5 } },
    ],
    [
      'the view of the app password',
      { account: { view: 'inbox+junk' }, app: { view: 'folder=Lists' }, sees: { onDelete, folder: 'Lists' } },
    ],
    [
      'nothing outside the app password’s folder',
      { app: { view: 'folder=Lists' }, name: 'ann+INBOX', sees: undefined },
    ],
    ['nor Junk with it', { app: { view: 'inbox' }, name: 'inbox+junk:ann', sees: undefined }],
    [
      'its folder by name',
      { app: { view: 'folder=Lists' }, name: 'ann+lists', sees: { onDelete, folder: 'lists' } },
    ],
    [
      'one of its two folders',
      { app: { view: 'inbox+junk' }, name: 'ann+Junk', sees: { onDelete, folder: 'Junk' } },
    ],
    [
      'any folder with an app password for none',
      { app: { view: 'read-only' }, name: 'ann+Lists', sees: { onDelete, folder: 'Lists' }, readOnly: true },
    ],
    [
      'no more than the app password’s newest',
      { app: { view: 'newest=5' }, name: 'newest=9:ann', sees: { onDelete, newest: 5 } },
    ],
    [
      'fewer, if asked for',
      { app: { view: 'newest=5' }, name: 'newest=2:ann', sees: { onDelete, newest: 2 } },
    ],
    [
      'nothing older than the app password’s',
      {
        app: { view: 'since=2026-11-01' },
        name: 'recent:ann',
        sees: { onDelete, since: day },
        readOnly: true,
      },
    ],
    ['a name of another account as no wish', { name: 'bob+Lists', sees: { onDelete } }],
  ])('%s', (_reason, { configured = 'inbox', account = {}, app, name = 'ann', sees, readOnly = false }) => {
    const rules = { ...plainViews, separator: '+', view: parseView(configured) }
    const login = { account: { name: 'ann', settings: account }, appSettings: app, loginName: name }
    expect(viewOfLogin(login, rules, now)).toEqual(sees && { options: sees, readOnly })
  })

  it.each([
    [{}, 'ann', { folder: 'Lists' }],
    [{ view: 'newest=5' }, 'ann', { folder: 'Lists', newest: 5 }],
    [{ view: 'folder=Other' }, 'ann', undefined],
    [undefined, 'ann@shop.example', { folder: 'Lists', addressee: 'ann' }],
  ])('as if the name had asked for a folder, with the app password %o, by %s', (app, loginName, sees) => {
    const rules = { ...plainViews, separator: '+', hosts: new Set(['shop.example']) }
    const name = loginName === 'ann' ? 'ann' : 'shop.example'
    const login = { account: { name, settings: {} }, appSettings: app, loginName }
    const view = viewOfLogin(login, rules, now, 'Lists')
    expect(view?.options).toEqual(sees && { onDelete, ...sees })
  })
})
