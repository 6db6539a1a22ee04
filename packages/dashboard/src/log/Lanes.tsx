import { useMemo } from 'preact/hooks'
import { inert } from '../parts/inert.js'
import { lanesOf } from './lanes.js'
import { foldOf } from './line.js'
import type { Log } from './state.js'
import type { View } from './view.js'

/** One lane for each of several machines: how far it is, and a way to see its lines alone. */
export function Lanes({ log, view: { search } }: { log: Log; view: View }) {
  const lanes = useMemo(() => lanesOf(log), [log])
  if (lanes.value.length === 0) return null
  const { rank: shown } = search.value
  const show = (rank: string | undefined) => () => {
    search.value = { ...search.peek(), rank }
  }
  return (
    <fieldset class="lanes">
      <legend class="hidden">Ranks</legend>
      {lanes.value.map(({ rank, machine, count, errors, newest }) => (
        <button
          type="button"
          key={rank}
          class="lane"
          aria-pressed={shown === rank}
          data-level={errors > 0 ? 'error' : undefined}
          title={shown === rank ? 'Show all ranks' : `Show only rank ${inert(rank)}`}
          onClick={show(shown === rank ? undefined : rank)}
        >
          <b>rank {inert(rank)}</b>
          <span class="machine">{inert(machine)}</span>
          <span class="count">
            {count === 1 ? '1 line' : `${count} lines`}
            {errors > 0 && (errors === 1 ? ', 1 error' : `, ${errors} errors`)}
          </span>
          <span class="newest">{inert(foldOf(newest).head)}</span>
        </button>
      ))}
    </fieldset>
  )
}
