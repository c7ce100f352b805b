// The form of POP2's replies, RFC 937: one line each, told apart by its first character. Texts are ours: nothing a client sent
// is repeated in them.

/** Some clients want `POP2` right behind the sign. */
export function greeting(hostname: string): string {
  return `+ POP2 ${hostname} server ready\r\n`
}

export function ok(text: string): string {
  return `+ ${text}\r\n`
}

/** The connection is closed behind it, always. */
export function err(text: string): string {
  return `- ${text}\r\n`
}

/** How many messages the mailbox has. */
export function messageCount(count: number): string {
  return `#${count} ${count === 1 ? 'message' : 'messages'}\r\n`
}

/** How many octets RETR will send; 0: there is no such message. */
export function characterCount(octets: number): string {
  return `=${octets}\r\n`
}
