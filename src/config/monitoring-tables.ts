// The tables of monitoring: metrics and probes by HTTP, and traces that are sent away.
import { z } from 'zod'
import { describe, listenAddress, network, url } from './key.ts'

export const metrics = z
  .strictObject({
    listen: describe(
      z
        .preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(listenAddress))
        .default([]),
      {
        takes: '"address:port", or a list of them; the address an IP address or localhost, IPv6 in brackets',
        byDefault: { inWords: 'not served', example: '127.0.0.1:9110' },
        description:
          'Where `/metrics` for Prometheus, and `/healthz` and `/readyz` for probes, are served by HTTP: `"address:port"`, or a list of them. Port 0 takes any free port.',
      },
    ),
    networks: describe(z.array(network).default([]), {
      takes: 'a list of addresses and ranges such as ["192.0.2.7", "192.0.2.0/24"]',
      byDefault: { inWords: 'none', example: ['192.0.2.7'] },
      description: 'Who may read there besides this machine itself; nobody else is answered.',
    }),
  })
  .prefault({})

export const tracing = z
  .strictObject({
    endpoint: url(
      ['http', 'https'],
      'http://127.0.0.1:4318',
      'Where traces of sessions are sent by OTLP over HTTP, without the `/v1/traces` at its end. Where it is not set, OTEL_EXPORTER_OTLP_ENDPOINT of the environment counts; the other variables of OpenTelemetry always do.',
      'nowhere',
    ),
  })
  .prefault({})
