// When a certificate has to be renewed: when its names are not those wanted, or its time runs out.
import type { CertificateFacts } from './certificate-files.ts'

const day = 86_400_000

/** A failure to renew a certificate that has less than this left is an error, in milliseconds. */
export const alarmBeforeMs = 3 * day

/** The time, in milliseconds since 1970, from which a certificate shall be renewed; by default when a third of its life is left. */
export function renewalTime(
  { notBefore, notAfter }: CertificateFacts,
  renewBeforeDays: number | undefined,
): number {
  const life = notAfter - notBefore
  // Never in the first third: a number of days longer than the life would ask for certificates without end.
  const before = renewBeforeDays === undefined ? life / 3 : Math.min(renewBeforeDays * day, (life * 2) / 3)
  return notAfter - before
}

export function hasNames({ names }: CertificateFacts, domains: readonly string[]): boolean {
  const had = new Set(names)
  return had.size === domains.length && domains.every(domain => had.has(domain))
}
