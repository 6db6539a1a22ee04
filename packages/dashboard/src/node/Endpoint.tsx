import type { NodeRecord } from '@launchtail/client'
import { formatDuration, tunnelOf } from '@launchtail/client/protocol'
import { CopyButton } from '../parts/CopyButton.js'
import { inert } from '../parts/inert.js'
import { moment } from '../parts/times.js'

/** Where the node serves requests. The launch itself says so, so only an http address is a link. */
export function Endpoint({ node }: { node: NodeRecord }) {
  const { endpoint, status } = node
  if (!endpoint || status !== 'active') return null
  const tunnel = tunnelOf(node)
  return (
    <p class="endpoint">
      Serves at{' '}
      {isHttp(endpoint) ? (
        <a href={endpoint} target="_blank" rel="noopener noreferrer">
          {endpoint}
        </a>
      ) : (
        <code>{inert(endpoint)}</code>
      )}{' '}
      <CopyButton text={() => endpoint} title="Copy the address" />
      {node.reachable === false && <span class="hint"> reachable from the cluster only</span>}
      {node.health && <span class="hint"> {healthOf(node.health)}</span>}
      {node.smoke && <span class="hint"> {speedOf(node.smoke)}</span>}
      {tunnel && (
        <>
          {': '}
          <code>{inert(tunnel)}</code>{' '}
          <CopyButton text={() => tunnel} title="Copy the command that reaches it" />
        </>
      )}
    </p>
  )
}

function healthOf({ ok, since, latency_ms: ms }: NonNullable<NodeRecord['health']>): string {
  if (!ok) return `unhealthy since ${moment(since)}`
  return ms === undefined ? 'healthy' : `healthy, answers after ${formatDuration(ms)}`
}

/** How fast the smoke test was answered. */
function speedOf({ first_token_ms, tokens_per_second: rate }: NonNullable<NodeRecord['smoke']>) {
  const speed = rate === undefined ? '' : `, ${rate} tokens/s`
  return `first answer after ${formatDuration(first_token_ms)}${speed}`
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
