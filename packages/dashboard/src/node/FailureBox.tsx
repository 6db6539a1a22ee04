import type { NodeRecord } from '@launchtail/client'
import type { ComponentChildren } from 'preact'
import { inert } from '../parts/inert.js'
import { codeName } from '../parts/node-facts.js'
import { during } from '../parts/phases.js'

/** Why a launch failed and what can be done about it, or that it has stalled. */
export function FailureBox({ node }: { node: NodeRecord }) {
  const { failure, status, stalled, message, phase } = node
  if (stalled) {
    return (
      <section class="failure" data-kind="stalled" aria-label="Stalled">
        <h2>Stalled {during(phase)}</h2>
        <p>{inert(message)}. The launch may still continue.</p>
      </section>
    )
  }
  if (!failure || status !== 'failed') return null
  const { code, advice, details } = failure
  return (
    <section class="failure" data-kind="failed" aria-label="Failure">
      <h2>
        Failed {during(failure.phase)}
        {code !== 'unknown' && <>: {codeName(code)}</>}
      </h2>
      <p class="line-of-log">{inert(failure.message)}</p>
      <p>{withCode(advice)}</p>
      {details && (
        <details>
          <summary>Details</summary>
          <pre>{inert(details)}</pre>
        </details>
      )}
    </section>
  )
}

/** A text whose parts in `backticks` are shown as code. */
function withCode(text: string): ComponentChildren {
  return inert(text)
    .split('`')
    .map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))
}
