// What must not be shown of a session: found by the state of the protocol as its lines pass by, and after it wherever the
// password that was learnt so stands. RFC 1939 section 7, RFC 5034, RFC 4954.
import { type Hidden, Secrets } from '../../conformance/secrets.ts'
import { challengePiece, type RecordedLine, type Side } from './transcript.ts'

/** Shorter ones would be found everywhere. */
const minSecretOctets = 4
const boundMechanism = /^SCRAM-/i

export class Masks {
  readonly #secrets: Set<string>
  /** The mechanism of an AUTH that is not decided. */
  #mechanism: string | undefined
  #isInData = false
  #nextIsPassword = false

  constructor(secrets: readonly string[]) {
    this.#secrets = new Set(secrets)
  }

  /** A line as it passes by, in the order in which it did. */
  line(from: Side, text: string): RecordedLine {
    const hidden = from === 'client' ? this.#ofClient(text) : this.#ofServer(text)
    return { from, text, hidden }
  }

  /** With what is known in the end. */
  complete({ from, text, hidden }: RecordedLine): RecordedLine {
    const all = [...hidden]
    for (const secret of this.#secrets)
      for (const { start, end } of new Secrets(secret).find(text))
        all.push({ start, end, name: `hidden ${end - start}` })
    all.sort((a, b) => a.start - b.start || b.end - a.end)
    let at = 0
    const apart = all.filter(({ start, end }) => {
      const isFree = start >= at
      if (isFree) at = end
      return isFree
    })
    return { from, text, hidden: apart }
  }

  #ofClient(text: string): readonly Hidden[] {
    const line = text.replace(/\r?\n$/, '')
    if (this.#isInData) {
      if (line === '.') this.#isInData = false
      return []
    }
    if (this.#mechanism !== undefined) {
      this.#learnResponse(line)
      return line === '*' ? [] : from(0, line, 'response')
    }
    const [, verb = '', space = '', argument = ''] = /^(\S*)(\s*)(.*)$/s.exec(line) ?? []
    const at = verb.length + space.length
    switch (verb.toUpperCase()) {
      case 'PASS':
        // One space is the command's, others are the password's.
        this.#learn(line.slice(verb.length + 1))
        this.#learn(argument.trim())
        return from(verb.length + 1, line, 'password')
      case 'APOP':
        return from(at + argument.lastIndexOf(' ') + 1, line, 'digest')
      case 'AUTH': {
        const [mechanism = '', initial] = argument.split(' ')
        this.#mechanism = mechanism
        this.#nextIsPassword = false
        if (initial === undefined) return []
        this.#learnResponse(initial)
        return from(at + mechanism.length + 1, line, 'response')
      }
      default:
        return []
    }
  }

  #ofServer(text: string): readonly Hidden[] {
    if (text.startsWith('354')) this.#isInData = true
    const mechanism = this.#mechanism
    if (mechanism === undefined) return []
    const [, mark = ''] = /^(\+ |334[ -]?)/.exec(text) ?? []
    if (mark === '') {
      this.#mechanism = undefined
      return []
    }
    const line = text.replace(/\r?\n$/, '')
    const isError = Buffer.from(line.slice(mark.length), 'base64').toString('latin1').startsWith('e=')
    // With these and what the client says anybody could try passwords at home.
    return boundMechanism.test(mechanism) && !isError ? from(mark.length, line, challengePiece) : []
  }

  #learnResponse(response: string): void {
    const plain = Buffer.from(response, 'base64').toString('latin1')
    const mechanism = this.#mechanism?.toUpperCase()
    if (mechanism === 'PLAIN') this.#learn(plain.split('\0')[2] ?? '')
    if (mechanism === 'LOGIN') {
      if (this.#nextIsPassword) this.#learn(plain)
      this.#nextIsPassword = true
    }
    const [, token] = /auth=bearer ([^\x01]+)/i.exec(plain) ?? []
    if (token !== undefined) this.#learn(token)
  }

  #learn(secret: string): void {
    if (secret.length >= minSecretOctets) this.#secrets.add(secret)
  }
}

function from(start: number, line: string, name: string): readonly Hidden[] {
  return start < line.length ? [{ start, end: line.length, name }] : []
}

/** A line of a client for a sentence: without what may be a secret. */
export function shownCommand(text: string): string {
  const line = text.replace(/\r?\n$/, '')
  const [, verb = '', rest = ''] = /^(\S*)(.*)$/s.exec(line) ?? []
  const isSecret = /^(PASS|APOP|AUTH)$/i.test(verb) && rest !== ''
  const shown = (isSecret ? `${verb} ...` : line).replace(/[^\x20-\x7e]/g, '?')
  return shown.length > 80 ? `${shown.slice(0, 80)}...` : shown
}
