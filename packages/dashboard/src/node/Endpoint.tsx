import type { NodeRecord } from '@launchtail/client'
import { CopyButton } from '../parts/CopyButton.js'
import { inert } from '../parts/inert.js'

/** Where the node serves requests. The launch itself says so, so only an http address is a link. */
export function Endpoint({ node: { endpoint, status } }: { node: NodeRecord }) {
  if (!endpoint || status !== 'active') return null
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
    </p>
  )
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
