// Where getmail puts mail, in our terms. Destinations that name others are followed, once each.
import { join } from 'node:path'
import type { ForeignDestinations } from './fetchmail-destination.ts'
import { expandHome, type ForeignPlace } from './foreign.ts'
import { commandDestination } from './foreign-command.ts'
import type { IniSection } from './ini.ts'
import { parseTuple } from './python-tuple.ts'

type Sections = ReadonlyMap<string, IniSection>

interface Site {
  readonly sections: Sections
  readonly place: ForeignPlace
  /** Sections that were looked into: a ring of them ends. */
  readonly seen: Set<string>
}

export function getmailDestinations(sections: Sections, place: ForeignPlace): ForeignDestinations {
  return destinationOf('destination', { sections, place, seen: new Set() })
}

function destinationOf(title: string, site: Site): ForeignDestinations {
  const section = site.sections.get(title)
  if (!section || site.seen.has(title)) return nowhere(`it names a destination that is not there: ${title}`)
  site.seen.add(title)
  const type = section.get('type')?.text ?? ''
  const make = makers[type]
  if (!make) return nowhere(`its destination ${type || title} has no counterpart here`)
  const { to, remarks } = make(section, site)
  const asUser = section.get('user')?.text
  const other =
    asUser === undefined
      ? []
      : [`it delivers as the user ${asUser}; here all is done as the user who runs it`]
  return { to, remarks: [...remarks, ...other] }
}

const makers: Readonly<
  Record<string, ((section: IniSection, site: Site) => ForeignDestinations) | undefined>
> = {
  Maildir: (section, { place }) => atPath('maildir', section, place),
  Mboxrd: (section, { place }) => atPath('mbox', section, place),
  MDA_external: external,
  MDA_lmtp: lmtp,
  MultiDestination: several,
}

function nowhere(...remarks: string[]): ForeignDestinations {
  return { to: [], remarks }
}

function atPath(kind: 'maildir' | 'mbox', section: IniSection, place: ForeignPlace): ForeignDestinations {
  const path = section.get('path')?.text ?? ''
  return path === ''
    ? nowhere('its destination has no path')
    : { to: [pathDestination(kind, path, place)], remarks: [] }
}

function pathDestination(kind: 'maildir' | 'mbox', path: string, place: ForeignPlace): string {
  return `${kind}:${join(expandHome(path, place)).replace(/(?<=.)\/$/, '')}`
}

function external(section: IniSection, { place }: Site): ForeignDestinations {
  const path = expandHome(section.get('path')?.text ?? '', place)
  const words = parseTuple(section.get('arguments')?.text ?? '()')
  const destination = commandDestination(words && [path, ...words])
  return destination === undefined
    ? nowhere(
        'the arguments of its MDA cannot be said here: put it into a script, and name that as `command:/path`',
      )
    : { to: [destination], remarks: [] }
}

function lmtp(section: IniSection): ForeignDestinations {
  const host = section.get('host')?.text ?? ''
  const recipient = section.get('override')?.text
  if (recipient === undefined) return nowhere('its LMTP recipient comes from the message; here one is named')
  const to = encodeURIComponent(recipient).replaceAll('%40', '@')
  if (host.startsWith('/')) return { to: [`lmtp+unix:${host}?to=${to}`], remarks: [] }
  return { to: [`lmtp://${host}:${section.get('port')?.text ?? '2003'}/${to}`], remarks: [] }
}

/** Sections in brackets, Maildirs that end in a slash, mbox files. */
function several(section: IniSection, site: Site): ForeignDestinations {
  const names = parseTuple(section.get('destinations')?.text ?? '')
  if (!names) return nowhere('its list of destinations cannot be read')
  const found = names.map(name => {
    const title = /^\[(.+)\]$/.exec(name)?.[1]
    if (title !== undefined) return destinationOf(title, site)
    return { to: [pathDestination(name.endsWith('/') ? 'maildir' : 'mbox', name, site.place)], remarks: [] }
  })
  return { to: found.flatMap(({ to }) => to), remarks: found.flatMap(({ remarks }) => remarks) }
}
