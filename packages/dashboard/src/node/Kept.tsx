import type { NodeRecord } from '@launchtail/client'
import { serverNow } from '../clock.js'
import { useAct } from '../parts/act.js'
import { CopyButton } from '../parts/CopyButton.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { moment, span } from '../parts/times.js'
import { client } from '../session.js'

/** How much longer a click keeps it, from then on. */
const LONGER = '30m'

/** The cluster of a failed launch that stays up to be looked into: until when, and the way in. */
export function Kept({ node }: { node: NodeRecord }) {
  const { node_id, cluster_name, kept_until: until } = node
  const { busy, fault, act } = useAct()
  if (until === undefined) return null
  const left = Date.parse(until) - serverNow.value
  const command = `ssh ${cluster_name}`

  return (
    <section class="kept" aria-label="Kept">
      <p title={moment(until)}>
        {left > 0
          ? `Its cluster stays up for ${span(left)} more: `
          : 'Its cluster is being taken down: '}
        <code>{inert(command)}</code> <CopyButton text={() => command} title="Copy the command" />
      </p>
      <button
        type="button"
        disabled={busy.value}
        onClick={() => act(() => client.peek().keepNode(node_id, { for: LONGER }))}
      >
        Keep for {LONGER}
      </button>{' '}
      <button
        type="button"
        disabled={busy.value}
        onClick={() => act(() => client.peek().terminateNode(node_id))}
      >
        Take down now
      </button>
      <Fault text={fault.value} />
    </section>
  )
}
