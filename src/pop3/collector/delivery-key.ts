// What a collected message is called in destinations that keep names: the same each time it is fetched.
import { createHash } from 'node:crypto'

/** Of source, key and the digest of the content: 64 hexadecimal digits. */
export function deliveryKeyOf(source: string, key: string, digest: string): string {
  return createHash('sha256')
    .update(JSON.stringify([source, key, digest]))
    .digest('hex')
}
