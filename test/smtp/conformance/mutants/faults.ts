// Deliberate faults of our intake, each with the cases that are meant for it.
import type { Fault } from '../../../pop3/conformance/mutants/fault.ts'

export interface IntakeFault extends Pick<Fault, 'id' | 'file' | 'find' | 'replace' | 'caughtBy'> {
  /** Default `smtp`. */
  readonly protocol?: 'lmtp'
}

const connection = 'smtp/intake/connection.js'
const decoder = 'smtp/intake/data-decoder.js'
const replies = 'smtp/intake/replies.js'

export const faults: readonly IntakeFault[] = [
  {
    id: 'quit-does-not-close',
    file: connection,
    find: "this.#summary.reason = 'quit';",
    replace: "this.send(250, 'later'); return callback();",
    caughtBy: ['smtp-quit', 'smtp-quit-before-ehlo', 'smtp-quit-in-transaction'],
  },
  {
    id: 'arguments-are-ignored',
    file: connection,
    find: 'if (isBare)',
    replace: 'if (true)',
    caughtBy: ['smtp-rset-argument', 'smtp-data-argument', 'smtp-quit-argument'],
  },
  {
    id: 'expn-tells-all',
    file: replies,
    find: "'no-expansion': { code: 502,",
    replace: "'no-expansion': { code: 250,",
    caughtBy: ['smtp-expn'],
  },
  {
    id: 'no-status-codes',
    file: connection,
    find: 'enhancedStatus.test(data)',
    replace: 'true',
    caughtBy: ['smtp-status-codes'],
  },
  {
    id: 'status-code-of-another-class',
    file: replies,
    find: "'5.1.1 nobody of that name receives mail here'",
    replace: "'4.1.1 nobody of that name receives mail here'",
    caughtBy: ['smtp-status-codes-agree'],
  },
  {
    id: 'recipients-outlive-their-transaction',
    file: connection,
    find: 'this.#recipients = [];\n        this.#announcedOctets',
    replace: 'this.#announcedOctets',
    caughtBy: ['smtp-rset', 'smtp-second-transaction'],
  },
  {
    id: 'everybody-is-a-recipient',
    file: connection,
    find: 'return resolution.refusal;',
    replace: 'return undefined;',
    caughtBy: ['smtp-rcpt-unknown', 'smtp-no-relay', 'smtp-no-percent-hack', 'smtp-no-routed-relay'],
  },
  {
    id: 'too-many-recipients-for-good',
    file: replies,
    find: "code: 452,\n        text: '4.5.3",
    replace: "code: 550,\n        text: '5.5.3",
    caughtBy: ['smtp-rcpt-too-many'],
  },
  {
    id: 'any-parameter-is-taken',
    file: connection,
    find: 'some(name => !mailParameters.has(name))',
    replace: 'some(() => false)',
    caughtBy: ['smtp-unoffered-mail', 'smtp-unoffered-mail-no-value', 'smtp-unoffered-ret'],
  },
  {
    id: 'utf8-needs-no-leave',
    file: connection,
    find: '!isAscii(address) && parameters.SMTPUTF8 !== true',
    replace: 'false',
    caughtBy: ['smtp-utf8-unasked'],
  },
  {
    id: 'too-large-is-taken',
    file: 'mail/delivery/pipeline.js',
    find: 'if (this.#wireForm.octets > this.#maxOctets)',
    replace: 'if (false)',
    caughtBy: ['smtp-size-exceeded'],
  },
  {
    id: 'dots-stay-stuffed',
    file: decoder,
    find: 'from = at + 1;',
    replace: 'from = at;',
    caughtBy: ['smtp-data-dot-first', 'smtp-data-dot-line', 'smtp-data-dot-runs'],
  },
  {
    id: 'end-in-two-packets-is-missed',
    file: decoder,
    find: "const wasHeldCr = this.#line === 'dotCr'",
    replace: "if (this.#line !== 'start') this.#line = 'text'; const wasHeldCr = this.#line === 'dotCr'",
    caughtBy: ['smtp-data-end-splits', 'smtp-data-by-octets'],
  },
  {
    id: 'a-line-without-its-cr-may-be-the-last',
    file: decoder,
    find: "this.#line === 'dotCr' && octet === lf",
    replace: "(this.#line === 'dotCr' || this.#line === 'dot') && octet === lf",
    caughtBy: ['smtp-no-end-crlf-dot-lf', 'smtp-no-end-first-lf', 'smtp-nothing-smuggled'],
  },
  {
    id: 'a-lone-lf-ends-a-line',
    file: decoder,
    find: 'if (at > start && chunk[at - 1] === cr)',
    replace: 'if (true)',
    caughtBy: ['smtp-no-end-lf-dot-crlf', 'smtp-nothing-smuggled'],
  },
  {
    id: 'half-a-message-is-delivered',
    file: connection,
    find: 'this.#feed?.abort(new PeerGone());',
    replace: 'this.#feed?.end();',
    caughtBy: [
      'smtp-abandoned-in-data',
      'smtp-abandoned-at-dot',
      'smtp-abandoned-at-cr',
      'smtp-kept-behind-next',
    ],
  },
  {
    id: 'the-second-message-is-thrown-away',
    file: connection,
    find: 'await this.#services.delivery.deliver(envelope, octets, recipients, mode);',
    replace:
      "this.#summary.accepted > 0 ? { id: 'D', octets: 0, outcomes: recipients.map(() => ({ delivered: true })) } : await this.#services.delivery.deliver(envelope, octets, recipients, mode);",
    caughtBy: ['smtp-kept-twenty'],
  },
  {
    id: 'messages-come-twice',
    file: connection,
    find: 'const receipt = await',
    replace:
      'await this.#services.delivery.deliver(envelope, octets, recipients, mode); const receipt = await',
    caughtBy: ['smtp-kept', 'smtp-kept-twenty', 'smtp-recipient-once'],
  },
  {
    id: 'commands-behind-a-message-go-first',
    file: connection,
    find: 'this.#messageArrived();\n',
    replace: 'this.#messageArrived(); resume(); resume = () => {};\n',
    caughtBy: ['smtp-pipelined-behind-data'],
  },
  {
    id: 'starttls-takes-arguments',
    file: 'smtp/intake/securable-connection.js',
    find: "command.toString('latin1').trim().length > 'STARTTLS'.length",
    replace: 'false',
    caughtBy: ['smtp-starttls-argument'],
  },
  {
    id: 'starttls-lets-commands-through',
    file: 'smtp/intake/securable-connection.js',
    find: 'if (parser.hasInputBehind || this._socket.readableLength > 0)',
    replace:
      "const obey = () => (this.secure ? this.send(250, 'OK') : this._closed || setImmediate(obey)); if (parser.hasInputBehind) obey(); if (false)",
    caughtBy: [
      'smtp-starttls-injected-command',
      'smtp-starttls-injected-hello',
      'smtp-starttls-injected-rset',
      'smtp-starttls-injected-starttls',
      'smtp-starttls-injected-half-command',
    ],
  },
  {
    id: 'lmtp-answers-once',
    file: connection,
    find: 'if (isLmtp)\n            return answers;',
    replace: 'if (isLmtp) return answers.slice(0, 1);',
    caughtBy: ['lmtp-same-recipient-twice', 'lmtp-empty-message-replies'],
    protocol: 'lmtp',
  },
  {
    id: 'lmtp-data-without-recipients',
    file: connection,
    find: 'if (this.#recipients.length === 0)',
    replace: 'if (false)',
    caughtBy: ['lmtp-data-without-recipient', 'lmtp-data-without-good-recipient'],
    protocol: 'lmtp',
  },
  {
    id: 'an-odd-line-ends-the-process',
    file: connection,
    find: 'this.#commandCount += 1;',
    replace: 'this.#commandCount += 1; if (command[0] === 0) process.exit(1);',
    caughtBy: ['smtp-odd-nul-first'],
  },
]
