import type { Config } from '../../config.js'

type ReceiverConfig = Pick<
  Config,
  'otlpEndpoint' | 'otelEndpoint' | 'otelLogsEndpoint' | 'otelTracesEndpoint' | 'otelHeaders'
>

/** Where logs and traces are sent, and the headers that go with them. */
export interface Receiver {
  readonly logsUrl: string | undefined
  readonly tracesUrl: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

export function receiverOf(config: ReceiverConfig): Receiver {
  const { otelLogsEndpoint, otelTracesEndpoint, otelHeaders = {} } = config
  const base = config.otlpEndpoint ?? config.otelEndpoint
  const under = (path: string) => base && `${base.replace(/\/+$/, '')}${path}`
  const [logsUrl, tracesUrl] = [
    otelLogsEndpoint ?? under('/v1/logs'),
    otelTracesEndpoint ?? under('/v1/traces'),
  ]
  const headers = { ...basicAuth(logsUrl ?? tracesUrl), ...otelHeaders }
  return { logsUrl: bare(logsUrl), tracesUrl: bare(tracesUrl), headers }
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
  return [...Object.values(config.otelHeaders ?? {}), ...passwords].filter((value) => value !== '')
}

/** `fetch` takes no address with a user and a password. */
function bare(url: string | undefined): string | undefined {
  if (url === undefined) return undefined
  const parts = new URL(url)
  parts.username = ''
  parts.password = ''
  return parts.href
}

function basicAuth(url: string | undefined): Record<string, string> {
  const { username = '', password = '' } = url === undefined ? {} : new URL(url)
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
