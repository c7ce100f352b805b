// The table of what peers may do to this office: how often they come, and how slow they may be.
import { z } from 'zod'
import { count, describe, duration, network, size } from './key.ts'

export const limits = z
  .strictObject({
    connections_per_minute: count(
      1200,
      0,
      1_000_000,
      'Connections from one address, at once or spread over a minute, over all services; the next are shed: one line, `-ERR [SYS/TEMP]` or 421, and closed. `0` is without limit.',
    ),
    connections_per_second: count(
      1000,
      0,
      1_000_000,
      'Connections in all; no more are let in for long. Above it an address has a tenth of `connections_per_minute` until there are fewer. `0` is without limit.',
    ),
    max_lag: duration(
      '250ms',
      'A server that is this far behind its work sheds in the same way; four times as far behind it lets nobody new in. `"0"` does not look.',
      { max: '1m' },
    ),
    ipv4_prefix: count(32, 8, 32, 'Bits of IPv4 that make one address, here and for sessions per address.'),
    ipv6_prefix: count(64, 16, 128, 'Bits of IPv6 that make one address, here and for sessions per address.'),
    exempt: describe(z.array(network).default(['127.0.0.0/8', '::1']), {
      takes: 'a list of addresses and ranges such as ["192.0.2.7", "192.0.2.0/24"]',
      byDefault: { value: ['127.0.0.0/8', '::1'] },
      description:
        'Networks to which nothing per address, no rate and no shedding applies: web mail, relays, monitoring. Sessions in all still count them.',
    }),
    min_rate: size(
      '1KiB',
      'The least octets a second that a peer must take of what waits for it, over `write_timeout` of `[pop3]`; or send of a message, over `timeout` of `[smtp]`. A slower one is closed. `"0"` does not look.',
      { max: '1MiB' },
    ),
    line_timeout: duration(
      '1m',
      'A command of POP3 or POP2 that has begun must be whole after this time, however steadily its octets come.',
      { min: '1s', max: '1h' },
    ),
  })
  .prefault({})
