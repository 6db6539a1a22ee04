import type { StatsGroup } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { codeName } from '../parts/node-facts.js'

/** Why launches failed, the most frequent cause first. */
export function Causes({ causes }: { causes: StatsGroup['causes'] }) {
  return (
    <section class="causes" aria-labelledby="causes">
      <h2 id="causes">Top causes</h2>
      {causes.length === 0 && <p class="hint">No launch has failed.</p>}
      <ol>
        {causes.slice(0, 10).map(({ code, count, share, last_node_id }) => (
          <li key={code}>
            <a href={hrefOf([], { phase: 'failed', q: code })}>{codeName(code)}</a>
            <span class="bars" aria-hidden="true">
              <i style={{ width: `${100 * share}%` }} />
            </span>
            <span>{count}</span>
            <a href={hrefOf(['nodes', last_node_id])} title="The newest node that failed of it">
              example
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
