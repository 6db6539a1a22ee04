import type { Controls } from './controls.js'
import { QueryField, type QueryFieldProps } from './QueryField.js'
import type { View } from './view.js'

/** Searches the log: the query, the matches, and the way from one to the next. */
export function SearchBox({ view, controls, field }: QueryFieldProps) {
  const { search } = view
  return (
    <>
      <span class="search">
        <QueryField view={view} controls={controls} field={field} />
        <Matches view={view} />
        <Step controls={controls} by={-1} name="Previous match" sign="↑" letter="N" />
        <Step controls={controls} by={1} name="Next match" sign="↓" letter="n" />
      </span>
      <label title="Hide lines without a match">
        <input
          type="checkbox"
          checked={search.value.onlyMatches}
          onChange={({ currentTarget }) => {
            search.value = { ...search.peek(), onlyMatches: currentTarget.checked }
          }}
        />
        only matches
      </label>
    </>
  )
}

interface StepProps {
  controls: Controls
  by: 1 | -1
  name: string
  sign: string
  letter: string
}

function Step({ controls, by, name, sign, letter }: StepProps) {
  return (
    <button type="button" title={`${name} (${letter})`} onClick={() => controls.step(by)}>
      <span class="hidden">{name}</span>
      {sign}
    </button>
  )
}

/** `3 of 12`, or `12 matches` before the reader goes to one. */
function Matches({ view: { changes, finder, hits } }: { view: View }) {
  void changes.value
  if (!finder.value) return null
  const count = hits.rows.length
  const total = count === 1 ? '1 match' : `${count} matches`
  return (
    <span class="found" data-none={count === 0 || undefined} role="status">
      {hits.at.value < 0 ? total : `${hits.at.value + 1} of ${count}`}
    </span>
  )
}
