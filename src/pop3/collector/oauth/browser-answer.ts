// What the provider answers to a login in a browser: brought to a port of this machine by the browser, or pasted by somebody whose
// browser is on another machine, where that address does not load. RFC 8252 section 7.3. What is pasted is looked at before
// anybody is asked about it, and never shown: there is a code in it.
import { SecretError } from '../secrets/secret-error.ts'

/** What an answer has to be an answer to. */
export interface AskedFor {
  readonly redirectUri: string
  readonly state: string
}

export interface BrowserAnswer {
  readonly url: URL
  readonly isPasted: boolean
}

export interface AnswerSources extends AskedFor {
  /** It never rejects, and may never come. */
  readonly arrival: Promise<URL>
  /** Lines. */
  readonly pasted: AsyncIterator<string> | undefined
  /** Told, in a sentence, why a line is no answer. */
  readonly onNonsense: (reason: string) => void
  /** Ends the waiting. */
  readonly signal: AbortSignal
}

/** More is no address of a browser. */
const maxPastedLength = 32_768

/** The next answer, whichever way it comes. Throws `SecretError` when the signal ends the waiting. */
export async function nextAnswer({
  arrival,
  pasted,
  onNonsense,
  signal,
  ...asked
}: AnswerSources): Promise<BrowserAnswer> {
  const stopped = stopOf(signal)
  const brought = arrival.then(url => ({ url, isPasted: false }))
  const ways = [brought, stopped.promise, ...(pasted ? [pastedAnswer(pasted, asked, onNonsense)] : [])]
  try {
    return await Promise.race(ways)
  } finally {
    stopped.forget()
  }
}

async function pastedAnswer(
  lines: AsyncIterator<string>,
  asked: AskedFor,
  onNonsense: (reason: string) => void,
): Promise<BrowserAnswer> {
  for (;;) {
    // Where nothing more can be pasted, the browser still can come.
    const line = await lines.next().catch(() => undefined)
    if (!line || line.done) return new Promise<never>(() => undefined)
    const text = line.value.trim()
    if (text === '') continue
    const fault = answerFault(text, asked)
    if (fault === undefined) return { url: new URL(text), isPasted: true }
    onNonsense(fault)
  }
}

/** Why a text is not the address that the browser was sent to in the end; undefined when it is. */
function answerFault(text: string, { redirectUri, state }: AskedFor): string | undefined {
  const url = text.length <= maxPastedLength && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return 'that is no address: paste the whole of what the browser shows in its address bar, from http:// on'
  const expected = new URL(redirectUri)
  if (url.origin !== expected.origin || url.pathname !== expected.pathname)
    return `that address does not begin with ${redirectUri}: paste the one that the browser shows when all is done, and that does not load`
  const parameters = url.searchParams
  if (parameters.get('state') !== state || parameters.getAll('state').length > 1)
    return 'that address is the answer to another login, or not whole: open the address above once more'
  if (!parameters.has('code') && !parameters.has('error'))
    return 'there is no answer of the provider in that address: was all of it pasted?'
  return undefined
}

function stopOf(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let stop: () => void = () => undefined
  const promise = new Promise<never>((_resolve, reject) => {
    stop = () => {
      const isLate = (signal.reason as Error | undefined)?.name === 'TimeoutError'
      reject(
        isLate
          ? new SecretError('credentials', 'nobody has answered in time')
          : new SecretError('aborted', 'stopped'),
      )
    }
  })
  promise.catch(() => undefined)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return { promise, forget: () => signal.removeEventListener('abort', stop) }
}
