// The collector of an office: sources, destinations and secrets as they are configured, over its store.
import { readFileSync } from 'node:fs'
import { type CollectConfig, type Config, type DestinationConfig, sharedMailboxes } from './config.ts'
import type { MailDelivery } from './mail/delivery/deliver.ts'
import { createId } from './mail/id.ts'
import type { Store } from './mail/store.ts'
import type { Log } from './net/log.ts'
import { type Collection, Collector, type CollectorOptions } from './pop3/collector/collector.ts'
import { type Destination, DestinationError } from './pop3/collector/destination.ts'
import { createDestination } from './pop3/collector/destinations/create-destination.ts'
import type { DestinationSecret } from './pop3/collector/destinations/login.ts'
import type { CollectEvent, RunSummary } from './pop3/collector/events.ts'
import { Notifier } from './pop3/collector/notifier.ts'
import { createTokenSource } from './pop3/collector/oauth/token-source.ts'
import { TokenVault } from './pop3/collector/oauth/token-vault.ts'
import { readSecret, type SecretParts } from './pop3/collector/secrets/secret.ts'
import { createSource, type SourceParts } from './pop3/collector/sources/create-source.ts'

/** OAuth2 tokens of all sources. */
export function tokenVault({ collector, auth }: Config): TokenVault {
  return new TokenVault({ folder: collector.tokens, keyFile: auth.keyFile })
}

/** Under which name the tokens of a source's destination are kept. */
export function tokensOfDestination(source: string, text: string): string {
  return `${source} ${text}`
}

export interface CollectingParts
  extends SecretParts,
    Pick<CollectorOptions, 'onEvent' | 'onEnd' | 'onFault'> {
  readonly store: Store
  readonly delivery: MailDelivery
}

/** Connects to nothing yet. */
export function openCollector(config: Config, given: CollectingParts): Collector {
  const { hostname, collector } = config
  const { store, onEvent, onEnd, onFault } = given
  return new Collector({
    collections: config.collect.map(each => openCollection(config, each, given)),
    ledger: store,
    spoolFolder: collector.spool,
    hostname,
    atOnce: collector.atOnce,
    onEvent,
    ...(onEnd && { onEnd }),
    onFault,
  })
}

/** One source and where its mail goes; connects to nothing yet. */
export function openCollection(
  config: Config,
  collect: CollectConfig,
  given: Pick<CollectingParts, 'store' | 'delivery' | 'ask'>,
): Collection {
  const parts = { ...given, token: createTokenSource(tokenVault(config)) }
  return {
    source: createSource(collect, parts),
    openDestinations: () => collect.to.map(to => openDestination(to, collect, config.hostname, parts)),
    policy: collect.policy,
    everyMs: collect.everyMs,
  }
}

interface ServingParts extends Pick<CollectingParts, 'store' | 'delivery'> {
  /** Told how each run ended. */
  readonly onRun: ((summary: RunSummary) => void) | undefined
  readonly log: Log
}

/** Collects by schedule, and tells the log and whoever is to be told. */
export function startCollecting(
  config: Config,
  { store, delivery, onRun, log }: ServingParts,
): { close(): Promise<void> } {
  for (const { names, mailbox, warning } of sharedMailboxes(config.collect))
    log.warn({ sources: names, mailbox }, warning)
  const { notifyUrl, notifyCommand } = config.collector
  const notifier = new Notifier({
    url: notifyUrl,
    command: notifyCommand,
    onFault: (error, source) =>
      log.warn({ err: error, source }, 'nobody could be told of a source in trouble; it is tried again'),
    onLost: notice => log.warn({ notice }, 'a notice was lost: nobody was told'),
  })
  const collector = openCollector(config, {
    store,
    delivery,
    onEvent: event => logEvent(event, log),
    onEnd: (summary, state) => {
      onRun?.(summary)
      void notifier.tell(summary, state)
    },
    onFault: (error, source) => log.error({ err: error, fault: createId(), source }, 'collecting failed'),
  })
  collector.start()
  return {
    async close() {
      await collector.stop()
      await notifier.close()
    },
  }
}

/** Messages are told where something is the matter with them, runs where something came of them. */
function logEvent(event: CollectEvent, log: Log): void {
  if (event.kind === 'failed') {
    const { source, key, reason, retryAt } = event
    log.warn({ source, key, reason, retryAt }, 'a message could not be collected')
  } else if (event.kind === 'skipped') {
    const { source, key, reason } = event
    log.info({ source, key, reason }, 'a message was left at its source')
  } else if (event.kind === 'finished') {
    const { trouble, ...counts } = event.summary
    const { fetched, skipped, failed, deleted } = counts
    if (trouble && trouble.fault !== 'aborted') log.warn({ ...counts, trouble }, 'collecting ended early')
    else if (fetched + skipped + failed + deleted > 0) log.info(counts, 'collected')
  }
}

type PartsWithTokens = Pick<CollectingParts, 'store' | 'delivery' | 'ask'> &
  Required<Pick<SourceParts, 'token'>>

/** Throws `DestinationError`. */
function openDestination(
  { text, user, secret, caFile, pins }: DestinationConfig,
  source: CollectConfig,
  hostname: string,
  parts: PartsWithTokens,
): Destination {
  return createDestination(text, {
    delivery: parts.delivery,
    kept: parts.store,
    hostname,
    user,
    secret: secret && (signal => destinationSecret({ text, user, secret }, source, parts, signal)),
    trust: { authority: caFile === undefined ? undefined : authorityIn(caFile), pins },
  })
}

function authorityIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new DestinationError('configuration', `the certificate in ${file} cannot be read (${code})`, {
      cause,
    })
  }
}

/** A token is that of the source: one account at one provider, with two ways into it. */
async function destinationSecret(
  { text, user = '', secret }: Pick<DestinationConfig, 'text' | 'user' | 'secret'>,
  source: CollectConfig,
  parts: PartsWithTokens,
  signal: AbortSignal,
): Promise<DestinationSecret> {
  if (secret?.kind === 'oauth')
    return {
      kind: 'token',
      token: await parts.token(tokensOfDestination(source.name, text), secret.oauth, {
        isRetry: false,
        signal,
      }),
    }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const service = url?.protocol.replace(/s?:$/, '') ?? ''
  const owner = { host: url?.hostname ?? '', user: user || decodeURIComponent(url?.username ?? ''), service }
  return {
    kind: 'password',
    password: await readSecret(secret ?? { kind: 'prompt' }, owner, { ...parts, signal }),
  }
}
