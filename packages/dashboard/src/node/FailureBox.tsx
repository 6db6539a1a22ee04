import type { NodeRecord } from '@launchtail/client'
import type { ComponentChildren } from 'preact'
import { inert } from '../log/text.js'
import { phaseName } from '../parts/phases.js'

/** Why a launch failed and what can be done about it; or that nothing comes of it any more. */
export function FailureBox({ node }: { node: NodeRecord }) {
  const { failure, status, stalled, message, phase } = node
  if (stalled) {
    return (
      <section class="failure" data-kind="stalled" aria-label="Stalled">
        <h2>Stalled while {phaseName(phase)}</h2>
        <p>{inert(message)}. The launch may still go on.</p>
      </section>
    )
  }
  if (!failure || status !== 'failed') return null
  const { code, advice, details } = failure
  return (
    <section class="failure" data-kind="failed" aria-label="Failure">
      <h2>
        Failed while {phaseName(failure.phase)}
        {code !== 'unknown' && <>: {code.replaceAll('_', ' ')}</>}
      </h2>
      <p class="line-of-log">{inert(failure.message)}</p>
      <p>{marked(advice)}</p>
      {details && (
        <details>
          <summary>Details</summary>
          <pre>{inert(details)}</pre>
        </details>
      )}
    </section>
  )
}

/** A text with its `words of code` as such. */
function marked(text: string): ComponentChildren {
  return inert(text)
    .split('`')
    .map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))
}
