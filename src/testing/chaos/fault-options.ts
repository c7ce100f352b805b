// How each fault may be tuned: the words of a rule beside its place.

export interface FaultOptions {
  /** The connection ends within the reply. Default: after half of it. */
  readonly drop: { readonly afterOctets?: number }
  /** Nothing more comes within the reply, and the connection stays. Default: after half of it. */
  readonly stall: { readonly afterOctets?: number }
  /** The reply comes in packets of so many octets. Default 1, without a pause. */
  readonly trickle: { readonly octets?: number; readonly everyMs?: number }
  /** The reply comes so much later. Default 1,000. */
  readonly delay: { readonly ms?: number }
  /** STAT and LIST tell sizes that are so much too large; may be negative. Default 100. */
  readonly 'wrong-size': { readonly octets?: number }
  /** All messages have the unique-id of the first. */
  readonly 'duplicate-uidl': object
  /** Messages have unique-ids that they never had before: others at each command, the default, or in each session. */
  readonly 'changed-uidl': { readonly each?: 'command' | 'session' }
  /** Unique-ids are the numbers of the messages: behind a deletion one message has what was another's. */
  readonly 'numbered-uidl': object
  /** LIST leaves a message out. Default: the one in the middle. */
  readonly 'list-gap': { readonly message?: number }
  /** The maildrop looks empty, as in an outage of what is behind a server. */
  readonly 'empty-listing': object
  /** `-ERR [IN-USE]`: the command never reaches the server, as with the next four. */
  readonly 'in-use': { readonly text?: string }
  readonly 'login-delay': { readonly text?: string }
  readonly 'sys-temp': { readonly text?: string }
  /** XOAUTH2 and OAUTHBEARER: an error in JSON as a challenge, and a refusal. `status` of that error: default `401`. */
  readonly 'expired-token': { readonly status?: string }
  /** These lines in place of the answer. Default: `-ERR try again later`, `451 4.3.0 try again later`. */
  readonly reply: { readonly text?: string }
  /** Lines that begin with a dot come as they are; what stood alone on its line ends the message. */
  readonly 'unstuffed-dot': object
  /** The line that ends a message does not come. */
  readonly 'missing-dot': object
  /** A message ends in good order after so many lines. Default: after half of them. */
  readonly truncated: { readonly lines?: number }
  /** CAPA tells what is not so. Default: STLS is added. */
  readonly 'lying-capa': { readonly add?: readonly string[]; readonly remove?: readonly string[] }
  /** EHLO, or LHLO, tells what is not so. Default: STARTTLS is added. */
  readonly 'lying-ehlo': { readonly add?: readonly string[]; readonly remove?: readonly string[] }
  /** A line in clear stands behind the `+OK` that TLS follows. */
  readonly 'stls-injection': { readonly text?: string }
  /** A line in clear stands behind the `220` that TLS follows. */
  readonly 'starttls-injection': { readonly text?: string }
  /** A line before the status line. */
  readonly garbage: { readonly text?: string }
  /** The connection is closed in place of the answer. Default: the command is carried out. */
  readonly 'no-answer': { readonly carriedOut?: boolean }
  /** The connection ends within a message that is being sent. Default: after its first octet. */
  readonly 'drop-data': { readonly afterOctets?: number }
}
