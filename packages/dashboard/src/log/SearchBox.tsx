import type { RefObject } from 'preact'
import type { Controls } from './controls.js'
import type { Search, View } from './view.js'

export interface SearchBoxProps {
  view: View
  controls: Controls
  field: RefObject<HTMLInputElement | null>
}

/** Searches the log: the text, the matches, and the way from one to the next. */
export function SearchBox({ view, controls, field }: SearchBoxProps) {
  const { search } = view
  const change = (changes: Partial<Search>) => {
    search.value = { ...search.peek(), ...changes }
  }
  return (
    <>
      <span class="search">
        <input
          ref={field}
          type="search"
          placeholder="Search  /"
          aria-label="Search in the log"
          value={search.value.text}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') controls.step(event.shiftKey ? -1 : 1)
            else if (event.key === 'Escape') {
              change({ text: '' })
              event.currentTarget.blur()
            }
          }}
        />
        <Matches view={view} />
        <button type="button" title="Previous match (N)" onClick={() => controls.step(-1)}>
          <span class="hidden">Previous match</span>↑
        </button>
        <button type="button" title="Next match (n)" onClick={() => controls.step(1)}>
          <span class="hidden">Next match</span>↓
        </button>
      </span>
      <label title="Hide lines without a match">
        <input
          type="checkbox"
          checked={search.value.onlyMatches}
          onChange={({ currentTarget }) => change({ onlyMatches: currentTarget.checked })}
        />
        only matches
      </label>
    </>
  )
}

/** `3 of 12`, or `12 matches` before the reader goes to one. */
function Matches({ view: { changes, needle, hits } }: { view: View }) {
  void changes.value
  if (needle.value === '') return null
  const count = hits.rows.length
  const total = count === 1 ? '1 match' : `${count} matches`
  return (
    <span class="found" data-none={count === 0 || undefined} role="status">
      {hits.at.value < 0 ? total : `${hits.at.value + 1} of ${count}`}
    </span>
  )
}
