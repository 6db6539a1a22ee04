import type { NodeRecord } from '@launchtail/client'
import { serverNow } from '../clock.js'
import { inert } from '../log/text.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'

/** Why a launch failed and what can be done about it; or that nothing comes of it any more. */
export function FailureBox({ node }: { node: NodeRecord }) {
  const { failure, status, stalled, updated_at, phase } = node
  if (stalled) {
    const silent = serverNow.value - Date.parse(updated_at)
    return (
      <section class="failure" data-kind="stalled" aria-label="Stalled">
        <h2>Stalled while {phaseName(phase)}</h2>
        <p>
          Nothing has come for {span(silent)}, far longer than is usual in this phase. The launch
          may still go on.
        </p>
      </section>
    )
  }
  if (!failure || status !== 'failed') return null
  const { code, message, advice, details } = failure
  return (
    <section class="failure" data-kind="failed" aria-label="Failure">
      <h2>
        Failed while {phaseName(failure.phase)}
        {code !== 'unknown' && <>: {code.replaceAll('_', ' ')}</>}
      </h2>
      <p class="line-of-log">{inert(message)}</p>
      <p>{inert(advice)}</p>
      {details && (
        <details>
          <summary>Details</summary>
          <pre>{inert(details)}</pre>
        </details>
      )}
    </section>
  )
}
