// The header field that carries the delivery key where no name or record can: put in front of the message, so that whoever
// sees it twice can tell. Nothing else of the message changes.
import type { Letter } from '../letter.ts'

export const deliveryField = 'X-Poplar-Delivery'

/** CRLF included. */
export function deliveryLine({ deliveryKey }: Letter): Uint8Array {
  return Buffer.from(`${deliveryField}: ${deliveryKey}\r\n`)
}

/** The message behind its field, CRLF line ends. */
export async function* withDeliveryField(letter: Letter): AsyncGenerator<Uint8Array, void> {
  yield deliveryLine(letter)
  yield* letter.body()
}
