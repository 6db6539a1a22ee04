import type { Failure } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { showLine } from '../log/chosen.js'
import { inert } from '../parts/inert.js'

export interface EvidenceProps {
  nodeId: string
  failure: Failure
}

/** The lines of the log that show why a launch failed, each with the way to it. */
export function Evidence({ nodeId, failure: { message, evidence = [] } }: EvidenceProps) {
  const [first] = evidence
  return (
    <>
      {first?.message !== message && <p class="line-of-log">{inert(message)}</p>}
      {evidence.length > 0 && (
        <ol class="evidence" aria-label="Lines that show why">
          {evidence.map(({ index, message: text }) => (
            <li key={index}>
              <a
                href={hrefOf(['nodes', nodeId], { line: `${index}` })}
                onClick={(event) => {
                  if (opensElsewhere(event)) return
                  event.preventDefault()
                  showLine(index)
                }}
              >
                line {index + 1}
              </a>
              <span class="line-of-log">{inert(text)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

function opensElsewhere({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey
}
