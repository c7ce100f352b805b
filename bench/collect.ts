// Collectors side by side: a maildrop of Debian's Dovecot, 1,000 messages of 10 KB, fetched by each in turn: by ours into a mailbox
// of its store, which is durable, by mpop and getmail6 into a Maildir, by fetchmail through the cheapest MDA there is. Programs
// that are not installed, or do not run as root, are left out. Then, alone, ours with very many messages, from Dovecot or
// from Poplar: see collect-many.ts.
//
//     npm run bench:collect -- [rounds [messages [many [dovecot|poplar]]]]
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectMany } from './collect-many.ts'
import { composeMessage, type MaildropPlan } from './corpus.ts'
import { describeMachine } from './machine.ts'
import { preparePoplarCollector } from './poplar-collector.ts'
import { makeCertificate } from './servers/certificate.ts'
import { Dovecot } from './servers/dovecot.ts'
import { Poplar } from './servers/poplar.ts'
import { median } from './statistics.ts'

const [rounds = 3, messages = 1000, many = 0] = process.argv.slice(2, 5).map(Number)
const manyFrom = process.argv[5] ?? 'dovecot'
const messageOctets = 10_000
const user = 'ann'
const secret = 'collect'
const folder = mkdtempSync(join(tmpdir(), 'poplar-collect-bench-'))

interface Run {
  /** Of wall time. */
  readonly seconds: number
  /** Of its processor. */
  readonly processorSeconds: number
  /** The most that it held at once. */
  readonly mebibytes: number
}

interface Collector {
  readonly name: string
  /** Prepares a folder that knows nothing yet; gives the command and how many messages came. */
  readonly prepare: (place: string, port: number) => Prepared
}

interface Prepared {
  readonly command: readonly string[]
  readonly env?: Record<string, string>
  readonly stored: () => number
  /** Its exit status where there was nothing new, if it is another than 0. */
  readonly nothingNew?: number
}

function planOf(count: number): MaildropPlan {
  return {
    name: user,
    password: secret,
    messageCount: count,
    message: index => composeMessage(index, messageOctets),
  }
}

const collectors: readonly Collector[] = [
  {
    name: 'poplar',
    prepare(place, port) {
      return preparePoplarCollector(place, { user, secret, port })
    },
  },
  {
    name: 'mpop',
    prepare(place, port) {
      const file = join(place, 'mpoprc')
      const maildir = newMaildir(place)
      writeFileSync(
        file,
        `account default
host 127.0.0.1
port ${port}
tls off
auth user
user ${user}
password ${secret}
keep on
uidls_file ${join(place, 'uidls')}
delivery maildir ${maildir}
`,
        { mode: 0o600 },
      )
      return { command: ['mpop', '--file', file, '--quiet'], stored: () => countNew(maildir) }
    },
  },
  {
    name: 'getmail',
    prepare(place, port) {
      const maildir = newMaildir(place)
      writeFileSync(
        join(place, 'getmailrc'),
        `[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = ${port}
username = ${user}
password = ${secret}
[destination]
type = Maildir
path = ${maildir}/
[options]
delete = false
read_all = false
verbose = 0
`,
        { mode: 0o600 },
      )
      return {
        command: ['getmail', `--getmaildir=${place}`, '--rcfile=getmailrc'],
        stored: () => countNew(maildir),
      }
    },
  },
  {
    name: 'fetchmail',
    prepare(place, port) {
      const maildir = newMaildir(place)
      const mda = join(place, 'mda')
      writeFileSync(mda, `#!/bin/sh\nexec cat >"${maildir}/new/$$.$(date +%N)"\n`)
      chmodSync(mda, 0o755)
      const file = join(place, 'fetchmailrc')
      writeFileSync(
        file,
        `poll 127.0.0.1 protocol pop3 service ${port} auth password uidl user "${user}" password "${secret}" keep mda "${mda}" sslproto ""\n`,
        { mode: 0o600 },
      )
      return {
        command: [
          'fetchmail',
          '--silent',
          '-f',
          file,
          '-i',
          join(place, 'ids'),
          '--pidfile',
          join(place, 'pid'),
        ],
        env: { HOME: place },
        nothingNew: 1,
        stored: () => countNew(maildir),
      }
    },
  },
]

function newMaildir(place: string): string {
  const maildir = join(place, 'Maildir')
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
  return maildir
}

function countNew(maildir: string): number {
  return readdirSync(join(maildir, 'new')).length
}

/** By a parent that waits for nothing else and sees the most that a process ever held. */
function measure({ command, env = {}, nothingNew = 0 }: Prepared): Run {
  const done = spawnSync('python3', ['-c', timing, ...command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  })
  const [status, seconds, processorSeconds, kibibytes] = JSON.parse(
    done.stdout.trim().split('\n').at(-1) ?? '[]',
  ) as number[]
  if (status !== 0 && status !== nothingNew)
    throw new Error(`${command.join(' ')} ended with ${status}: ${done.stderr}`)
  return {
    seconds: seconds ?? 0,
    processorSeconds: processorSeconds ?? 0,
    mebibytes: (kibibytes ?? 0) / 1024,
  }
}

const timing = `
import json, resource, subprocess, sys, time
begun = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([status, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]))
`

/** getmail does not deliver as root. */
function canRun(program: string): boolean {
  if (program === 'getmail' && process.getuid?.() === 0) return false
  return spawnSync('which', [program]).status === 0
}

/** Fresh each time, so that everything is new; and once more where everything is known. */
async function compare(count: number): Promise<void> {
  const certificate = makeCertificate('ecdsa')
  const dovecot = new Dovecot(certificate)
  try {
    await dovecot.fill([planOf(count)])
    const server = await dovecot.start()
    try {
      const runs = new Map<string, { first: Run[]; again: Run[] }>()
      const present = collectors.filter(({ name }) => name === 'poplar' || canRun(name))
      for (let round = 0; round < rounds; round++)
        for (const { name, prepare } of present) {
          const place = mkdtempSync(join(folder, `${name}-`))
          const prepared = prepare(place, server.pop3Port)
          const first = measure(prepared)
          const stored = prepared.stored()
          if (stored !== count) throw new Error(`${name} has stored ${stored} of ${count}`)
          const again = measure(prepared)
          const all = runs.get(name) ?? { first: [], again: [] }
          runs.set(name, { first: [...all.first, first], again: [...all.again, again] })
          rmSync(place, { recursive: true })
        }
      report(dovecot.title, count, runs)
    } finally {
      await server.stop()
    }
  } finally {
    dovecot.remove()
    certificate.remove()
  }
}

function report(
  title: string,
  count: number,
  runs: ReadonlyMap<string, { readonly first: readonly Run[]; readonly again: readonly Run[] }>,
): void {
  const ours = median((runs.get('poplar')?.first ?? []).map(({ seconds }) => seconds))
  console.log(`\n${count} messages of ${messageOctets} octets from ${title}, medians of ${rounds}:`)
  for (const [name, { first, again }] of runs) {
    const of = (all: readonly Run[], what: keyof Run) => median(all.map(run => run[what]))
    const seconds = of(first, 'seconds')
    console.log(
      `  ${name.padEnd(10)} ${seconds.toFixed(2)} s (${(seconds / ours).toFixed(2)}x ours), ` +
        `${of(first, 'processorSeconds').toFixed(2)} s of processor, ${of(first, 'mebibytes').toFixed(0)} MiB; ` +
        `when all are known ${of(again, 'seconds').toFixed(2)} s, ${of(again, 'mebibytes').toFixed(0)} MiB`,
    )
  }
}

console.log(JSON.stringify(describeMachine()))
try {
  if (messages > 0) await compare(messages)
  if (many > 0) {
    const certificate = makeCertificate('ecdsa')
    try {
      const server = manyFrom === 'poplar' ? new Poplar('poplar', certificate) : new Dovecot(certificate)
      await collectMany({ server, count: many, rounds })
    } finally {
      certificate.remove()
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
