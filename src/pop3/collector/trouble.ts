// What ended a run early, in one form, whoever said it.
import { isRefusal } from '../../mail/errors.ts'
import { DestinationError, type DestinationFault } from './destination.ts'
import type { Trouble } from './events.ts'
import { SourceError } from './source.ts'

const ofDestinations: Readonly<Record<Exclude<DestinationFault, 'message'>, Trouble['fault']>> = {
  full: 'destination-full',
  unavailable: 'destination-unavailable',
  configuration: 'destination-configuration',
}

/** Whatever broke when it was told to stop, broke because of that. */
export function troubleOf(error: unknown, signal?: AbortSignal): Trouble {
  if (signal?.aborted) return { fault: 'aborted', reason: 'stopped', notBefore: undefined }
  const reason = error instanceof Error ? error.message : String(error)
  if (error instanceof SourceError) return { fault: error.fault, reason, notBefore: error.notBefore }
  if (error instanceof DestinationError && error.fault !== 'message')
    return { fault: ofDestinations[error.fault], reason, notBefore: undefined }
  // Somebody else has the source: nothing is wrong.
  if (isRefusal(error, 'lease-lost')) return { fault: 'busy', reason, notBefore: undefined }
  if (isNoRoom(error)) return { fault: 'destination-full', reason, notBefore: undefined }
  return { fault: isRefusal(error) ? 'ledger' : 'fault', reason, notBefore: undefined }
}

function isNoRoom(error: unknown): boolean {
  return isRefusal(error, 'store-full') || (error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC'
}
