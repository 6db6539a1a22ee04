import type { Failure, NodeRecord } from '@launchtail/client'
import type { ComponentChildren } from 'preact'
import { inert } from '../parts/inert.js'
import { codeName } from '../parts/node-facts.js'
import { during } from '../parts/phases.js'
import { Evidence } from './Evidence.js'
import { TakeBack } from './TakeBack.js'

/** Why a launch failed and what can be done about it, or that it has stalled. */
export function FailureBox({ node }: { node: NodeRecord }) {
  const { node_id, failure, status, stalled, message, phase } = node
  if (stalled) {
    return (
      <section class="failure" data-kind="stalled" aria-label="Stalled">
        <h2>Stalled {during(phase)}</h2>
        <p>{inert(message)}. The launch may still continue.</p>
      </section>
    )
  }
  if (!failure || status !== 'failed') return null
  return (
    <section class="failure" data-kind="failed" aria-label="Failure">
      <h2>
        Failed {during(failure.phase)}
        {failure.code !== 'unknown' && <>: {codeName(failure.code)}</>}
      </h2>
      <Evidence nodeId={node_id} failure={failure} />
      <p>{withCode(failure.advice)}</p>
      <Naming nodeId={node_id} failure={failure} />
      {failure.details && (
        <details>
          <summary>Details</summary>
          <pre>{inert(failure.details)}</pre>
        </details>
      )}
    </section>
  )
}

/** Who named the cause; where nobody could, how to. */
function Naming({ nodeId, failure: { code, corrected } }: { nodeId: string; failure: Failure }) {
  if (corrected) return <TakeBack nodeId={nodeId} />
  if (code !== 'unknown' && code !== 'server_exited') return null
  return (
    <p class="ask">
      Do you see the cause in the log? Click the number of its line, then <i>was the cause</i>.
    </p>
  )
}

/** A text whose parts in `backticks` are shown as code. */
function withCode(text: string): ComponentChildren {
  return inert(text)
    .split('`')
    .map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))
}
