// RFC 1939 section 3, with `--slow`: the timer that ends silent sessions, not before ten minutes have passed, without a word,
// and without entering UPDATE.
import { Failure, Unable } from '../../../conformance/case.ts'
import { shown } from '../../../conformance/wire.ts'
import { statCounts } from '../listing-steps.ts'
import type { Pop3Case, Pop3Section } from '../pop3-case.ts'
import { connect, logIn, ok, type Pop3Step, quit, say, silence, step } from '../steps.ts'

/** In milliseconds. */
export interface AutologoutTimes {
  /** Silence that must not end a session. */
  readonly allowed: number
  /** After so much silence it is not waited for any longer. */
  readonly longest: number
}

const rfc = 'RFC 1939 section 3'
const needs = ['slow'] as const

/** Waits for the server to close; remembers what it said first. Skips the case where it does not. */
function awaitEnd(longest: number): Pop3Step {
  return step(`wait ${longest} ms at most until the server closes the connection`, async play => {
    try {
      play.memory.set('farewell', await play.wire.rest(longest))
    } catch (error) {
      if (error instanceof Failure && play.wire.ending === undefined)
        throw new Unable(`the server lets a silent session go on for ${longest / 60_000} minutes`)
      throw error
    }
  })
}

const saidNothing: Pop3Step = step('check that it said nothing', async ({ memory }) => {
  const octets = memory.get('farewell')
  if (Buffer.isBuffer(octets) && octets.length > 0) throw new Failure(`it said ${shown(octets)}`)
})

export function autologoutCases({ allowed, longest }: AutologoutTimes): readonly Pop3Case[] {
  const margin = 30_000
  return [
    {
      id: 'autologout-not-early',
      title: 'A session that is silent for less than ten minutes goes on',
      rfc,
      severity: 'must',
      cost: 'Who reads a long message while connected, or has a slow line, loses what was deleted.',
      needs,
      mail: 'any',
      limitMs: allowed + margin,
      steps: [logIn, silence(allowed), say('NOOP'), ok(), quit],
    },
    {
      id: 'autologout-not-early-before-login',
      title: 'A client that is silent for less than ten minutes before login can log in',
      rfc,
      // Servers under attack keep strangers for less time, and the RFC does not speak of them.
      severity: 'quirk',
      cost: 'Who types the password slowly has to connect again.',
      needs,
      limitMs: allowed + margin,
      steps: [connect, silence(allowed), quit],
    },
    {
      id: 'autologout-begins-anew',
      title: 'Every command begins the ten minutes anew',
      rfc,
      severity: 'must',
      cost: 'Long sessions are cut, whatever the client does.',
      needs,
      mail: 'any',
      limitMs: allowed * 2 + margin,
      steps: [
        logIn,
        ...Array.from({ length: 2 }, () => [silence(Math.ceil(allowed * 0.7)), say('NOOP'), ok()]).flat(),
        quit,
      ],
    },
    {
      id: 'autologout-deletes-nothing',
      title: 'A session that ends because it was silent deletes nothing, and leaves no lock',
      rfc,
      severity: 'must',
      cost: 'Mail is lost when a computer goes to sleep.',
      needs,
      mail: ['plain', 'second', 'third'],
      limitMs: longest + margin,
      steps: [logIn, say('DELE 1'), ok(), awaitEnd(longest), logIn, statCounts(3), quit],
    },
    {
      id: 'autologout-says-nothing',
      title: 'A session that ends because it was silent ends without a word',
      rfc,
      severity: 'should',
      cost: 'Clients take what was said for the answer to their next command.',
      needs,
      mail: 'any',
      limitMs: longest + margin,
      steps: [logIn, awaitEnd(longest), saidNothing],
    },
  ]
}

export const autologout: Pop3Section = {
  name: 'rfc1939-autologout',
  title: 'Silent sessions',
  about:
    'With `--slow`: what becomes of sessions that say nothing, RFC 1939 section 3. It takes an hour and a half at most, an hour where the server lets them go after ten minutes.',
  cases: autologoutCases({ allowed: 597_000, longest: 1_860_000 }),
}
