import type { SkyPilotState } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { inert } from '../parts/inert.js'
import { client } from '../session.js'

/** Says whether a launch through SkyPilot will work, before one is made. */
export function SkyPilot() {
  const state = useSignal<SkyPilotState | undefined>(undefined)
  useEffect(() => {
    const leaving = new AbortController()
    client
      .peek()
      .getSkyPilot({ signal: leaving.signal })
      .then(
        (found) => {
          state.value = found
        },
        // The form works without it.
        () => {},
      )
    return () => leaving.abort()
  }, [state])
  const found = state.value
  if (!found) return null
  if (found.problem !== undefined) return <p class="hint">SkyPilot: {inert(found.problem)}</p>
  const enabled = found.infra.filter((one) => one.enabled)
  return (
    <details class="skypilot">
      <summary>{inert(summaryOf(found, enabled.length))}</summary>
      <ul>
        {enabled.map(({ name, warnings }) => (
          <li key={name}>
            {inert(name)}
            {warnings.map((warning) => (
              <p class="hint" key={warning}>
                {inert(warning)}
              </p>
            ))}
          </li>
        ))}
      </ul>
      {found.clusters.length > 0 && (
        <p class="hint">
          Clusters of this user: {inert(found.clusters.map(({ name }) => name).join(', '))}
        </p>
      )}
    </details>
  )
}

function summaryOf({ version, api_version, user, infra, open }: SkyPilotState, enabled: number) {
  const api = api_version === undefined ? '' : ` (API version ${api_version})`
  const who = user === undefined ? '' : `, as ${user}`
  const anybody = open ? '; whoever can reach its API server can use it' : ''
  return `SkyPilot ${version ?? ''}${api}${who}: ${enabled} of ${infra.length} infrastructures enabled${anybody}`
}
