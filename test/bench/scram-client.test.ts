// The load generator's SCRAM is the RFC's, and takes no server's word for it.
import { describe, expect, it } from 'vitest'
import { ScramClient, scramSecretsOf } from '../../bench/load/scram-client.ts'
import { dovecotScramKeys } from '../../bench/servers/stored-passwords.ts'

/** RFC 7677 section 3. */
const example = {
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function exampleClient(): ScramClient {
  const client = new ScramClient('user', 'pencil', () => example.nonce)
  client.first()
  return client
}

describe('SCRAM client', () => {
  it('speaks the example of the RFC', () => {
    const client = new ScramClient('user', 'pencil', () => example.nonce)
    expect(client.first()).toBe(base64(`n,,n=user,r=${example.nonce}`))
    expect(client.final(base64(example.serverFirst))).toBe(base64(example.clientFinal))
    expect(() => client.check(base64(example.serverFinal))).not.toThrow()
  })

  it('uses another nonce for each login', () => {
    const client = new ScramClient('user', 'pencil')
    expect(client.first()).not.toBe(client.first())
  })

  it.each([
    [example.nonce, 'the server added nothing to the nonce'],
    ['another%hvYDpWUa2RaTCAfuxFIlj', 'a nonce of another login'],
    ['', 'no nonce'],
  ])('does not answer r=%s: %s', nonce => {
    const challenge = base64(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)
    expect(() => exampleClient().final(challenge)).toThrow('nonce')
  })

  it('does not believe a server with another signature', () => {
    const client = exampleClient()
    client.final(base64(example.serverFirst))
    expect(() => client.check(base64(`v=${base64('some other signature of the server')}`))).toThrow(
      'signature',
    )
  })

  it('derives the keys that servers keep, in the form of each', () => {
    const { storedKey, serverKey } = scramSecretsOf('pencil', 'W22ZaJ0SNY7soEsUEjb6gQ==', 4096)
    const [stored, server] = [storedKey.toString('base64'), serverKey.toString('base64')]
    const scramKeys = [
      'SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=',
      `SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$${stored}:${server}`,
    ]
    // As `doveadm pw -s SCRAM-SHA-256` writes it.
    expect(dovecotScramKeys({ passwordHash: '', scramKeys })).toBe(
      '{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    )
  })

  it('finds no keys for Dovecot where there are none', () => {
    expect(() => dovecotScramKeys({ passwordHash: '', scramKeys: [] })).toThrow('no keys')
  })
})
