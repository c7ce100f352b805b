// The commands of `poplar`, each in a file of its own, in the order in which help and manual pages show them. Only what is run is
// loaded: most of them are done in less time than all of them take to be read.
import type { Command } from 'commander'

const loaders: Readonly<Record<string, () => Promise<() => Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  user: async () => (await import('./user.ts')).userCommand,
  'app-password': async () => (await import('./app-password.ts')).appPasswordCommand,
  alias: async () => (await import('./alias.ts')).aliasCommand,
  deliver: async () => (await import('./deliver.ts')).deliverCommand,
  folder: async () => (await import('./folder.ts')).folderCommand,
  import: async () => (await import('./import.ts')).importCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  undelete: async () => (await import('./undelete.ts')).undeleteCommand,
  deletions: async () => (await import('./deletions.ts')).deletionsCommand,
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  locks: async () => (await import('./locks.ts')).locksCommand,
  sessions: async () => (await import('./sessions.ts')).sessionsCommand,
  trace: async () => (await import('./trace.ts')).traceCommand,
  top: async () => (await import('./top.ts')).topCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  collect: async () => (await import('./collect.ts')).collectCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  probe: async () => (await import('./probe.ts')).probeCommand,
  get: async () => (await import('./get.ts')).getCommand,
  config: async () => (await import('./config.ts')).configCommand,
}

/** The command that the arguments name, none for the version, or all of them, for help and for whoever has mistyped one. */
export async function commandsFor([, , name = '']: readonly string[]): Promise<readonly (() => Command)[]> {
  if (name === '--version') return []
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  return Promise.all((loader ? [loader] : Object.values(loaders)).map(load => load()))
}
