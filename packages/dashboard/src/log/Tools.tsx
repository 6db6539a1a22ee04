import { LEVELS } from '@launchtail/client/protocol'
import type { RefObject } from 'preact'
import { TIME_STYLES } from '../parts/times.js'
import { client } from '../session.js'
import type { Controls } from './controls.js'
import { DownloadChoice } from './DownloadChoice.js'
import { SearchBox } from './SearchBox.js'
import { nextTimeStyle, timeStyle, wrap } from './settings.js'
import type { View } from './view.js'

export interface ToolsProps {
  view: View
  controls: Controls
  nodeId: string
  searchField: RefObject<HTMLInputElement | null>
  onHelp: () => void
}

/** The row of tools above a log. */
export function Tools({ view, controls, nodeId, searchField, onHelp }: ToolsProps) {
  return (
    <div class="tools" role="toolbar" aria-label="Log">
      <SearchBox view={view} controls={controls} field={searchField} />
      <LevelChoice view={view} />
      <span class="space" />
      <label title="Wrap long lines (w)">
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
        title={`${TIME_STYLES.map((style) => TIME_NAMES[style]).join(', ')} (t)`}
        onClick={nextTimeStyle}
      >
        <span class="hidden">Times: </span>
        {TIME_NAMES[timeStyle.value]}
      </button>
      <button
        type="button"
        title="Copy the selected lines, or all lines shown"
        onClick={() => void controls.copyLines()}
      >
        Copy
      </button>
      <DownloadChoice
        label="Download the log"
        name={nodeId}
        ask={(format) => client.peek().exportNodeLogs(nodeId, { format })}
        onFault={controls.status.show}
      />
      <button type="button" title="Keys (?)" onClick={onHelp}>
        <span class="hidden">Keys</span>?
      </button>
    </div>
  )
}

const TIME_NAMES = { local: 'local time', utc: 'UTC', 'since start': 'since start' } as const

function LevelChoice({ view: { search } }: { view: View }) {
  return (
    <label>
      <span class="hidden">Level</span>
      <select
        value={search.value.level}
        onChange={({ currentTarget }) => {
          const level = LEVELS.find((one) => one === currentTarget.value) ?? 'debug'
          search.value = { ...search.peek(), level }
        }}
      >
        <option value="debug">all levels</option>
        <option value="info">info and above</option>
        <option value="warn">warnings and errors</option>
        <option value="error">errors</option>
      </select>
    </label>
  )
}
