// Where traces go: what the configuration says, or else the environment, in the variables that OpenTelemetry has for it.

export interface TracesEndpoint {
  /** Undefined: the exporter reads the environment itself. */
  readonly url: string | undefined
}

const standardPath = '/v1/traces'

/** Undefined when no traces are to be made. */
export function tracesEndpoint(
  configured: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): TracesEndpoint | undefined {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none')
    return undefined
  if (configured !== undefined) return { url: configured.replace(/\/*$/, standardPath) }
  return env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
    ? { url: undefined }
    : undefined
}
