import type { Config } from '../../config.js'

type ReceiverConfig = Pick<
  Config,
  | 'otlpEndpoint'
  | 'otelEndpoint'
  | 'otelLogsEndpoint'
  | 'otelTracesEndpoint'
  | 'otelHeaders'
  | 'otelLogsHeaders'
  | 'otelTracesHeaders'
>

/** Where logs and traces are sent; undefined if they are not. */
export interface Receiver {
  readonly logs: Target | undefined
  readonly traces: Target | undefined
}

/** Logs and traces may go to different parties, and neither may get what lets somebody send to the other. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export function receiverOf(config: ReceiverConfig): Receiver {
  const { otelLogsEndpoint, otelTracesEndpoint, otelHeaders } = config
  const base = config.otlpEndpoint ?? config.otelEndpoint
  const under = (path: string) => base && `${base.replace(/\/+$/, '')}${path}`
  return {
    logs: targetOf(otelLogsEndpoint ?? under('/v1/logs'), config.otelLogsHeaders ?? otelHeaders),
    traces: targetOf(
      otelTracesEndpoint ?? under('/v1/traces'),
      config.otelTracesHeaders ?? otelHeaders,
    ),
  }
}

function targetOf(
  url: string | undefined,
  headers: Readonly<Record<string, string>> | undefined,
): Target | undefined {
  return url === undefined
    ? undefined
    : { url: bare(url), headers: { ...basicAuth(url), ...headers } }
}

/** The values that let somebody send to the receiver. */
export function receiverSecrets(config: ReceiverConfig): string[] {
  const urls = [
    config.otlpEndpoint,
    config.otelEndpoint,
    config.otelLogsEndpoint,
    config.otelTracesEndpoint,
  ]
  const passwords = urls.map((url) => (url ? decodeURIComponent(new URL(url).password) : ''))
  const headers = [config.otelHeaders, config.otelLogsHeaders, config.otelTracesHeaders]
  const values = headers.flatMap((some) => Object.values(some ?? {}))
  return [...values, ...passwords].filter((value) => value !== '')
}

/** `fetch` takes no address with a user and a password. */
function bare(url: string): string {
  const parts = new URL(url)
  parts.username = ''
  parts.password = ''
  return parts.href
}

function basicAuth(url: string): Record<string, string> {
  const { username, password } = new URL(url)
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
