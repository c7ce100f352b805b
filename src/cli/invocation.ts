// How the user would type another command of ours, judged by how this one was started.
import { basename, relative } from 'node:path'
import type { ConfigOptions } from './arguments.ts'

/** `npx poplar user add NAME --config poplar.toml`, as far as each part is needed. */
export function invocation(command: string, { config }: ConfigOptions): string {
  return [program(), command, config ? `--config ${shellWord(config)}` : ''].filter(Boolean).join(' ')
}

function program(): string {
  const file = process.argv[1] ?? 'poplar'
  // npm tells the programs it starts what for: `npm start`, `npx`.
  if (process.env.npm_lifecycle_event !== undefined) return 'npx poplar'
  return basename(file) === 'poplar' ? 'poplar' : `node ${shellWord(relative('', file))}`
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
