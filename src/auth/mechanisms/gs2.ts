// The GS2 header that SCRAM and OAUTHBEARER begin with, RFC 5801 section 4, and names as it writes them, RFC 5802
// section 5.1: `=2C` is a comma, `=3D` an equals sign.
import { maxNameOctets } from './credentials.ts'

export interface Gs2Header {
  /** `n`: the client cannot bind; `y`: it can, and believes that we cannot; `p`: it does. */
  readonly flag: 'n' | 'y' | 'p'
  /** The type of binding, as the client calls it; only with `p`. */
  readonly bindingType: string | undefined
  /** Whom to act as. */
  readonly actAs: string | undefined
  /** As it was sent, the last comma included. */
  readonly text: string
}

/** The header a text begins with; undefined when it begins with none. */
export function parseGs2Header(text: string): Gs2Header | undefined {
  const match = /^(?:([ny])|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]+))?,/.exec(text)
  if (!match) return undefined
  const actAs = match[3] === undefined ? undefined : decodeSaslName(match[3])
  if (match[3] !== undefined && actAs === undefined) return undefined
  const flag = match[1] === 'n' || match[1] === 'y' ? match[1] : 'p'
  return { flag, bindingType: match[2], actAs, text: match[0] }
}

export function formatGs2Header(flag: 'n' | 'y' | `p=${string}`, actAs: string | undefined): string {
  return `${flag},${actAs === undefined ? '' : `a=${encodeSaslName(actAs)}`},`
}

/** Undefined for an equals sign that stands for nothing, for an empty name and for one too long. */
export function decodeSaslName(text: string): string | undefined {
  if (!/^(?:[^=,]|=2C|=3D)+$/.test(text)) return undefined
  const name = text.replaceAll('=2C', ',').replaceAll('=3D', '=')
  return Buffer.byteLength(name) > maxNameOctets ? undefined : name
}

export function encodeSaslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}
