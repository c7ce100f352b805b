// Destinations that can be read, each with a way to see its messages and to do to them what mail readers do.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createMailDelivery } from '../../../../src/mail/delivery/deliver.ts'
import type { Store } from '../../../../src/mail/store.ts'
import type { Destination } from '../../../../src/pop3/collector/destination.ts'
import { imapDestination } from '../../../../src/pop3/collector/destinations/imap.ts'
import { FolderKeys } from '../../../../src/pop3/collector/destinations/imap-folder-keys.ts'
import { mailboxDestination } from '../../../../src/pop3/collector/destinations/mailbox.ts'
import { maildirDestination } from '../../../../src/pop3/collector/destinations/maildir.ts'
import { mboxDestination } from '../../../../src/pop3/collector/destinations/mbox.ts'
import type { DovecotBox } from '../destinations/dovecot.ts'

export interface Place {
  /** Anew for each run, as the collector does. */
  readonly open: () => Destination
  /** Subjects, sorted. */
  readonly subjects: () => Promise<readonly string[]>
  /** A reader has looked at all of them. */
  readonly look: () => void
  /** All are gone. */
  readonly empty: () => Promise<void>
}

const subjectsIn = (texts: readonly string[]) =>
  texts.flatMap(text => /^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? []).sort()

export async function mailboxPlace(store: Store): Promise<Place> {
  const ann = await store.addAccount({ name: 'ann' })
  const delivery = createMailDelivery({
    directory: store,
    target: store,
    hostname: 'mx.example.org',
    localDomains: ['example.org'],
    subaddressSeparator: '+',
    maxOctets: 1_000_000,
    bareNewline: 'normalize',
  })
  return {
    open: () => mailboxDestination('ann', 'ann', delivery, store),
    async subjects() {
      const texts: string[] = []
      for await (const { body } of store.messages(ann)) {
        const pieces: Uint8Array[] = []
        for await (const piece of body) pieces.push(piece)
        texts.push(Buffer.concat(pieces).toString('latin1'))
      }
      return subjectsIn(texts)
    },
    look: () => undefined,
    async empty() {
      const maildrop = await store.openMaildrop(ann, { sessionId: 's', peer: 'test' })
      await maildrop.update(Array.from({ length: maildrop.listing.count }, (_, at) => at))
      await store.clean(new Date(Date.now() + 60_000))
    },
  }
}

function maildirAt(path: string, open: () => Destination): Place {
  const folders = ['new', 'cur', '.Old/cur']
  const files = () =>
    folders.flatMap(folder => {
      const place = join(path, folder)
      return existsSync(place) ? readdirSync(place).map(name => join(place, name)) : []
    })
  return {
    open,
    subjects: async () => subjectsIn(files().map(file => readFileSync(file, 'latin1'))),
    look() {
      for (const name of readdirSync(join(path, 'new')))
        renameSync(join(path, 'new', name), join(path, 'cur', `${name}:2,S`))
    },
    async empty() {
      for (const file of files()) rmSync(file)
    },
  }
}

export function maildirPlace(folder: string): Place {
  const path = join(folder, 'Maildir')
  const place = maildirAt(path, () => maildirDestination('md', path))
  return {
    ...place,
    look() {
      place.look()
      // Every other one goes into another folder.
      mkdirSync(join(path, '.Old', 'cur'), { recursive: true })
      for (const [at, name] of readdirSync(join(path, 'cur')).entries())
        if (at % 2 === 0) renameSync(join(path, 'cur', name), join(path, '.Old', 'cur', name))
    },
  }
}

export function mboxPlace(folder: string): Place {
  const path = join(folder, 'mbox')
  const text = () => readFileSync(path, 'latin1')
  return {
    open: () => mboxDestination('mbox', path),
    subjects: async () => subjectsIn(text().split(/^From /m)),
    look() {
      // As Dovecot and mutt do, and somebody else's mail behind it.
      writeFileSync(path, text().replaceAll(/^(Subject: .*)$/gm, '$1\nStatus: RO\nX-UID: 7'), 'latin1')
      appendFileSync(path, 'From bob Thu Nov 20 19:17:00 2026\nX-Other: mail\n\nof somebody\n')
    },
    async empty() {
      rmSync(path)
    },
  }
}

export function imapPlace(dovecot: DovecotBox, user: string, mailbox = 'INBOX'): Place {
  const open = () =>
    imapDestination('imap', {
      ...{ host: '127.0.0.1', port: dovecot.ports.imap, tls: 'none', folder: mailbox, timeoutMs: 20_000 },
      keys: new FolderKeys(),
      login: { user, secret: () => Promise.resolve({ kind: 'password', password: `${user}-secret` }) },
    })
  return maildirAt(dovecot.maildir(user), open)
}
