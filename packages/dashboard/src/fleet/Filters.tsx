import { hrefOf, setQuery } from '../address.js'
import { phaseName } from '../parts/phases.js'
import { KINDS } from './filter.js'
import type { Selection } from './selection.js'

/** What the nodes are filtered by: text, provider and kind. The address keeps it. */
export function Filters({ selection: { filter, counts, providers } }: { selection: Selection }) {
  const { text, kind, provider } = filter.value
  // A provider that the address names stays a choice, also where no node has it.
  const choices = new Set([...providers.value, ...(provider ? [provider] : [])])
  return (
    <div class="filters">
      <input
        type="search"
        placeholder="Name, model, GPU, region, cause"
        aria-label="Filter by text"
        value={text}
        onInput={({ currentTarget }) => setQuery({ q: currentTarget.value })}
      />
      <select
        aria-label="Provider"
        value={provider}
        onChange={({ currentTarget }) => setQuery({ provider: currentTarget.value })}
      >
        <option value="">all providers</option>
        {[...choices].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <fieldset class="phases">
        <legend class="hidden">Phase</legend>
        {KINDS.map((name) => (
          <button
            key={name}
            type="button"
            data-phase={name}
            data-none={counts.value.get(name) === 0 || undefined}
            aria-pressed={kind === name}
            onClick={() => setQuery({ phase: kind === name ? '' : name })}
          >
            <i />
            {phaseName(name)} <b>{counts.value.get(name)}</b>
          </button>
        ))}
      </fieldset>
      <span class="space" />
      <a
        class="button to-search"
        href={hrefOf(['search'], { q: text })}
        title="In the logs of all nodes"
      >
        Search logs
      </a>
    </div>
  )
}
