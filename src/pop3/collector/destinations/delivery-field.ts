// The header field that carries the delivery key where no name or record can: put in front of the message, so that whoever
// sees it twice can tell. Nothing else of the message changes.
import type { Letter } from '../letter.ts'

export const deliveryField = 'X-Poplar-Delivery'

/** CRLF included. */
export const deliveryLineOctets = deliveryField.length + 68

/** CRLF included. */
export function deliveryLine({ deliveryKey }: Letter): Uint8Array {
  return Buffer.from(`${deliveryField}: ${deliveryKey}\r\n`)
}

/** The message behind its field, CRLF line ends. */
export async function* withDeliveryField(letter: Letter): AsyncGenerator<Uint8Array, void> {
  yield deliveryLine(letter)
  yield* letter.body()
}

const fieldLine = new RegExp(`^${deliveryField}: ([0-9a-f]{64})\\r?\\n`, 'm')

/** A header and the key that its field carries: ours is the first. */
export function withoutDeliveryField(header: string): {
  readonly deliveryKey: string | undefined
  readonly header: string
} {
  const deliveryKey = fieldLine.exec(header)?.[1]
  return { deliveryKey, header: deliveryKey === undefined ? header : header.replace(fieldLine, '') }
}
