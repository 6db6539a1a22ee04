import type { StatsGroup } from '@launchtail/client'

/** Why launches failed, the most frequent cause first. */
export function Causes({ causes, failed }: { causes: StatsGroup['causes']; failed: number }) {
  return (
    <section class="causes" aria-labelledby="causes">
      <h2 id="causes">Top causes</h2>
      {causes.length === 0 && <p class="hint">None has failed.</p>}
      <ol>
        {causes.slice(0, 10).map(({ code, count }) => (
          <li key={code}>
            <a href={`#/?phase=failed&q=${encodeURIComponent(code)}`}>
              {code.replaceAll('_', ' ')}
            </a>
            <span class="bars" aria-hidden="true">
              <i style={{ width: `${(100 * count) / Math.max(1, failed)}%` }} />
            </span>
            <span>{count}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
