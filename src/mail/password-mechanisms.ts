// The ways in which a password is proved to a server, by the names that IANA registers; `USER` stands for USER and PASS, RFC 1939
// section 7.

/** The safest first. */
export const usualMechanisms = [
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'USER',
  'PLAIN',
  'LOGIN',
] as const

/** All: behind the usual ones the two that are weak. */
export const passwordMechanisms = [...usualMechanisms, 'CRAM-MD5', 'APOP'] as const

export type PasswordMechanism = (typeof passwordMechanisms)[number]
