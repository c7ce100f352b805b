// Where metrics may be served, and where traces may be sent.
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const alone = 'name in `networks` who may read there'

describe('[metrics]', () => {
  it('is not served by default', () => {
    expect(parseConfig('').metrics).toEqual({ listen: [], networks: [] })
  })

  it.each([
    ['listen = "127.0.0.1:9110"', 'this machine'],
    ['listen = ["127.0.0.1:9110", "[::1]:9110"]', 'this machine, twice'],
    ['listen = "192.0.2.1:9110"\nnetworks = ["192.0.2.0/24"]', 'from elsewhere, for whom it says'],
  ])('takes %j: %s', toml => {
    expect(parseConfig(`[metrics]\n${toml}`).metrics.listen.length).toBeGreaterThan(0)
  })

  it.each([
    ['listen = "0.0.0.0:9110"', alone, 'everybody could read'],
    ['listen = ["127.0.0.1:9110", "[2001:db8::1]:9110"]', '[2001:db8::1]:9110 alone', 'the second is open'],
    ['listen = "9110"', '`listen` in [metrics] must be "address:port"', 'no address'],
    ['listen = "127.0.0.1:9110"\nnetworks = ["here"]', '`networks', 'no network'],
    ['listen = "127.0.0.1:1110"', 'which `pop3` has', 'the port is taken'],
    ['port = 9110', '`port`', 'an unknown key'],
  ])('does not take %j (%s): %s', (toml, complaint) => {
    expect(() => parseConfig(`[listen]\npop3 = "127.0.0.1:1110"\n[metrics]\n${toml}`)).toThrow(complaint)
  })
})

describe('[tracing]', () => {
  it('goes nowhere by default', () => {
    expect(parseConfig('').tracing.endpoint).toBeUndefined()
  })

  it.each([
    ['grpc://127.0.0.1:4317', 'another protocol'],
    ['127.0.0.1:4318', 'no URL'],
  ])('does not take %j: %s', endpoint => {
    expect(() => parseConfig(`[tracing]\nendpoint = "${endpoint}"`)).toThrow('`endpoint` in [tracing]')
  })
})
