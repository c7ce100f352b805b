#!/usr/bin/env node
// Writes the table of docs/metrics.md from the metrics of the last build; with --check only says whether it is current.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createMetrics } from '../dist/metrics/metrics.js'

const target = fileURLToPath(new URL('../docs/metrics.md', import.meta.url))
const markers = {
  begin: '<!-- begin of the table, made by scripts/metrics-docs.js -->',
  end: '<!-- end of the table -->',
}

/** An office in which everything has happened once. */
function sampleText() {
  const session = {
    id: 'id',
    protocol: /** @type {const} */ ('pop3'),
    service: 'pop3',
    peer: '192.0.2.1',
    stateName: 'transaction',
    user: undefined,
    mechanism: undefined,
    channel: undefined,
    octetsIn: 0,
    octetsOut: 0,
    commandCount: 0,
    startedAtMs: 0,
    activeAtMs: 0,
    tracer: undefined,
    endByOperator() {},
  }
  const throttle = { waiting: 0, delays: 0, delayedMs: 0 }
  const metrics = createMetrics(new Set([session]), {
    version: '1.0.0',
    logins: () => ({ throttle, checking: 0, waiting: 0 }),
    store: {
      waitingWrites: 0,
      writerSilenceMs: 0,
      heldLocks: 0,
      fileOctets: 0,
      cacheOctets: 0,
      cacheHits: 0,
      cacheMisses: 0,
      onCommit: undefined,
    },
    certificates: () => [{ file: 'a.crt', names: ['a.example'], notAfter: new Date() }],
  })
  const { observer } = metrics
  observer.opened?.(session)
  observer.command?.(session, 'STAT', 'ok', 1)
  observer.login?.(session, 'PASS', 'accepted')
  observer.delivery?.(session, '250')
  observer.turnedAway?.('pop3', '192.0.2.1', 'too-many')
  observer.ended?.(session, 'quit')
  metrics.collected({
    source: 'old',
    fetched: 1,
    fetchedOctets: 1,
    skipped: 0,
    failed: 0,
    deleted: 0,
    trouble: undefined,
  })
  return metrics.text()
}

/** @param {string} text */
function table(text) {
  const lines = text.split('\n')
  const rows = lines.flatMap(line => {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? []
    if (!name) return []
    const type = lines.find(each => each.startsWith(`# TYPE ${name} `))?.split(' ')[3]
    const sample = lines.find(each => new RegExp(`^${name}(_bucket)?[{ ]`).test(each)) ?? ''
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter(label => label !== 'le')
    // What the process has depends on the system and the Node that it runs on.
    const shown = name.startsWith('poplar_') ? labels.map(label => `\`${label}\``).join(' ') : ''
    return [`| \`${name}\` | ${type} | ${shown} | ${help} |`]
  })
  return ['| metric | type | labels | |', '|---|---|---|---|', ...rows].join('\n')
}

const current = readFileSync(target, 'utf8')
const [before = '', rest = ''] = current.split(markers.begin)
const [, after = ''] = rest.split(markers.end)
const text = `${before}${markers.begin}\n${table(await sampleText())}\n${markers.end}${after}`

if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (current !== text) {
  console.error('docs/metrics.md is not current: run `npm run docs`')
  process.exitCode = 1
}
