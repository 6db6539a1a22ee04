import { LEVELS } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { TIME_STYLES } from '../parts/times.js'
import { download, FORMATS } from './download.js'
import type { Reading } from './reading.js'
import { nextTimeStyle, timeStyle, wrap } from './settings.js'
import type { Search, View } from './view.js'

interface ToolsProps {
  view: View
  reading: Reading
  nodeId: string
  searchField: RefObject<HTMLInputElement | null>
  onHelp: () => void
}

/** The row of tools above a log. */
export function Tools({ view, reading, nodeId, searchField, onHelp }: ToolsProps) {
  const { search } = view
  const change = (changes: Partial<Search>) => {
    search.value = { ...search.peek(), ...changes }
  }
  return (
    <div class="tools" role="toolbar" aria-label="Log">
      <span class="search">
        <input
          ref={searchField}
          type="search"
          placeholder="Search  /"
          aria-label="Search in the log"
          value={search.value.text}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') reading.hit(event.shiftKey ? -1 : 1)
            else if (event.key === 'Escape') {
              change({ text: '' })
              event.currentTarget.blur()
            }
          }}
        />
        <Found view={view} />
        <button type="button" title="Previous match (N)" onClick={() => reading.hit(-1)}>
          <span class="hidden">Previous match</span>↑
        </button>
        <button type="button" title="Next match (n)" onClick={() => reading.hit(1)}>
          <span class="hidden">Next match</span>↓
        </button>
      </span>
      <label title="Leave out the lines without a match">
        <input
          type="checkbox"
          checked={search.value.only}
          onChange={({ currentTarget }) => change({ only: currentTarget.checked })}
        />
        only matches
      </label>
      <label>
        <span class="hidden">Level</span>
        <select
          value={search.value.level}
          onChange={({ currentTarget }) => {
            change({ level: LEVELS.find((level) => level === currentTarget.value) ?? 'debug' })
          }}
        >
          <option value="debug">all levels</option>
          <option value="info">info and above</option>
          <option value="warn">warnings and errors</option>
          <option value="error">errors</option>
        </select>
      </label>
      <span class="space" />
      <label>
        <input
          type="checkbox"
          checked={wrap.value}
          onChange={({ currentTarget }) => {
            wrap.value = currentTarget.checked
          }}
        />
        wrap
      </label>
      <button
        type="button"
        title={`${TIME_STYLES.map((style) => NAMES[style]).join(', ')} (t)`}
        onClick={nextTimeStyle}
      >
        <span class="hidden">Times: </span>
        {NAMES[timeStyle.value]}
      </button>
      <button
        type="button"
        title="The chosen lines, or all that are shown"
        onClick={() => void reading.copyLines()}
      >
        Copy
      </button>
      <Download nodeId={nodeId} reading={reading} />
      <button type="button" title="Keys (?)" onClick={onHelp}>
        <span class="hidden">Keys</span>?
      </button>
    </div>
  )
}

const NAMES = { local: 'local time', utc: 'UTC', 'since start': 'since start' } as const

function Found({ view }: { view: View }) {
  void view.changes.value
  if (view.needle.value === '') return null
  const at = view.at.value < 0 ? '' : `${view.at.value + 1} of `
  const count = view.hits.length
  return (
    <span class="found" data-none={count === 0 || undefined} role="status">
      {at + (count === 1 && at === '' ? '1 match' : `${count}${at === '' ? ' matches' : ''}`)}
    </span>
  )
}

function Download({ nodeId, reading }: { nodeId: string; reading: Reading }) {
  const busy = useSignal(false)
  return (
    <select
      aria-label="Download the log"
      value=""
      disabled={busy.value}
      onChange={async ({ currentTarget }) => {
        const format = FORMATS.find(({ name }) => name === currentTarget.value)
        currentTarget.value = ''
        if (!format) return
        busy.value = true
        await download(nodeId, format).catch((error) => reading.say((error as Error).message))
        busy.value = false
      }}
    >
      <option value="">{busy.value ? 'downloading' : 'Download'}</option>
      {FORMATS.map(({ name, title }) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  )
}
