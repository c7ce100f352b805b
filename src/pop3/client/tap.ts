// What an onlooker sees of a session: frames in which passwords, tokens and the exchange of SASL are stars already. What is a
// secret is told by where in the protocol it stands, not by how it looks.

export interface WireFrame {
  readonly direction: 'sent' | 'received'
  /** One line, or a piece of a listing or a message as it came. A view: copy what is to be kept. */
  readonly octets: Uint8Array
}

/** Must not throw: if it does, the session ends with that. */
export type WireTap = (frame: WireFrame) => void

/** Stands for what is not shown. */
export const stars = '****'
