// The tables as the statements see them; migrations/ makes them. Every hot key starts with account_id, ids come from the
// application, times are milliseconds bound as parameters.
import type { Id } from '../../mail/id.ts'

export interface Schema {
  account: {
    id: Id
    name: string
    password_hash: string | null
    /** A list of texts in JSON; null where it is empty. */
    scram_keys: string | null
    sealed_password: string | null
    /** 1 for true. */
    is_disabled: number
    /** 0 means without limit. */
    quota_octets: number
    used_octets: number
    used_messages: number
    inbox_id: Id
    created_at: number
    /** In JSON; null where nothing differs from the configuration. */
    settings: string | null
    /** The per cent of the quota that its owner was told of last; 0 for none. */
    quota_warned: number
  }
  app_password: {
    account_id: Id
    id: Id
    name: string
    password_hash: string
    /** This and the others: lists of texts in JSON, null where they are empty. */
    scram_keys: string | null
    protocols: string | null
    /** 1 for true. */
    read_only: number
    networks: string | null
    created_at: number
    last_used_at: number | null
    last_used_from: string | null
    /** As the account's. */
    settings: string | null
  }
  address: {
    address: string
    account_id: Id
  }
  mailbox: {
    account_id: Id
    id: Id
    name: string
    uid_validity: number
    uid_next: number
    /** Rises with every change of the mailbox. */
    modseq: number
    /** `modseq` of the last expunge: since then, messages were only added or changed. */
    expunged_modseq: number
    messages: number
    octets: number
  }
  message: {
    account_id: Id
    mailbox_id: Id
    uidl: string
    uid: number
    content_id: Id
    trace: Uint8Array
    /** Trace and content together. */
    octets: number
    /** The same with the header downgraded; null when that changes nothing, and for what came before schema 5. */
    ascii_octets: number | null
    internal_date: number
    flags: number
    modseq: number
    expunged_at: number | null
    /** Since when POP3 shows it no longer, and other protocols do; null while it does. */
    hidden_at: number | null
    /** The local part it was sent to, folded, where that is none of the account's own names. */
    addressee: string | null
    /** When it was first retrieved, where a retention rule asks for that; null before. */
    retrieved_at: number | null
  }
  content: {
    id: Id
    octets: number
    header_octets: number
    dot_lines: number
    /** Where the octets lie when not in `content_chunk`; null as yet for all. */
    location: string | null
  }
  content_chunk: {
    content_id: Id
    seq: number
    octets: Uint8Array
  }
  /** Chunks that belong to no content row: of a large delivery under way, or of a large content being freed. */
  loose_content: {
    content_id: Id
    since: number
  }
  /** The audit; rows stay when the message or the account goes. */
  deletion: {
    account_id: Id
    deleted_at: number
    mailbox_id: Id
    uidl: string
    folder: string
    octets: number
    fate: string
    reason: string
    actor: string
    session_id: string | null
    peer: string | null
    protocol: string | null
  }
  /** Stays as long as any deletion of the account is kept. */
  removed_account: {
    account_id: Id
    name: string
    removed_at: number
    actor: string
  }
  /** What is known of a source of the collector as a whole. */
  collected_source: {
    source: string
    identity: string
    last_run_at: number | null
    last_success_at: number | null
    failures: number
    login_failures: number
    error: string | null
    not_before: number | null
    paused: string | null
  }
  /** The collector's ledger: a row per message of a source. */
  collected_message: {
    source: string
    key: string
    state: string
    /** A list of texts in JSON; null where it is empty. */
    destinations: string | null
    digest: string | null
    octets: number | null
    stored_at: number | null
    failures: number
    reason: string | null
    retry_at: number | null
    absent_since: number | null
    absent_sessions: number
    /** When the row was first written. */
    recorded_at: number
  }
  /** Lies apart, where nothing is written durably. Rows stay when a lease ends, so that fences only rise. */
  lease: {
    account_id: Id
    account_name: string
    fence: number
    /** The process, as `server:...` or `program:...`. */
    owner: string
    session_id: string
    peer: string
    since: number
    /** 0 when released or broken. */
    expires_at: number
  }
  /** Lies beside `lease`, and its rows stay as well: the right to collect from a source. */
  source_lease: {
    source: string
    fence: number
    /** As in `lease`. */
    owner: string
    since: number
    /** 0 when released. */
    expires_at: number
  }
}
