// What the harness needs of a POP3 server that is not ours: how it gets into a layer of this machine, how it is started on
// a port of the loopback, and its own way of delivery.
import type { Deliver } from '../src/conformance/delivery.ts'
import type { Credentials } from '../src/pop3/conformance/play.ts'
import type { Layer } from './layer.ts'

export interface Peer {
  /** A word: names the folder of its transcripts. */
  readonly name: string
  readonly title: string
  /** How it stores mail, and what delivers it: for the report. */
  readonly arrangement: string
  /** Installs it and starts it; resolves with what answers. Rejects with what the installer or the server says. */
  start(layer: Layer): Promise<StartedPeer>
}

export interface StartedPeer {
  readonly version: string
  /** Of POP3, in clear, on 127.0.0.1. */
  readonly port: number
  readonly deliver: Deliver
  /** How long any answer may take, in milliseconds. Default 8,000. */
  readonly patienceMs?: number
}

/** Whose maildrop the suite uses; an account of the layer where the server lets in accounts of the system. */
export const credentials: Credentials = { user: 'ann', password: 'correct-horse-1' }

export const mailDomain = 'peers.example'
