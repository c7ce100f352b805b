// Where traces go, by configuration and environment.
import { describe, expect, it } from 'vitest'
import { tracesEndpoint } from '../../src/tracing/endpoint.ts'

describe('the endpoint of traces', () => {
  it.each<[string | undefined, Record<string, string>, object | undefined, string]>([
    [undefined, {}, undefined, 'nobody asked for traces'],
    ['http://c:4318', {}, { url: 'http://c:4318/v1/traces' }, 'the path of OTLP over HTTP'],
    ['http://c:4318/', {}, { url: 'http://c:4318/v1/traces' }, 'one slash'],
    ['https://c/otlp', {}, { url: 'https://c/otlp/v1/traces' }, 'behind a path'],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e' }, { url: undefined }, 'the exporter reads it'],
    [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://e' }, { url: undefined }, 'for traces alone'],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined, 'empty is unset'],
    [
      'http://c',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e' },
      { url: 'http://c/v1/traces' },
      'the configuration goes first',
    ],
    ['http://c', { OTEL_SDK_DISABLED: 'true' }, undefined, 'turned off'],
    ['http://c', { OTEL_SDK_DISABLED: 'false' }, { url: 'http://c/v1/traces' }, 'not turned off'],
    ['http://c', { OTEL_TRACES_EXPORTER: 'none' }, undefined, 'turned off for traces'],
  ])('%j with %j is %j: %s', (configured, env, expected) => {
    expect(tracesEndpoint(configured, env)).toEqual(expected)
  })
})
