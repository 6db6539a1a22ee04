import { Connection } from '../parts/Connection.js'
import { counted } from '../parts/counts.js'
import type { Controls } from './controls.js'
import type { Log } from './state.js'
import type { View } from './view.js'

export interface FootProps {
  log: Log
  view: View
  controls: Controls
  onReconnect: () => void
}

/** The line below the log: how it is connected, how many lines there are, and the way to the end. */
export function Foot({ log, view, controls: { position, status }, onReconnect }: FootProps) {
  void view.changes.value
  const shown = view.rows.length
  const all = log.length.value
  return (
    <div class="foot">
      <Connection state={log.connection.value} label="Log" onReconnect={onReconnect} />
      <span>{shown === all ? linesOf(all) : `${counted(shown)} of ${linesOf(all)}`}</span>
      <span class="fault">{log.notice.value}</span>
      <span role="status">{status.text.value}</span>
      <span class="space" />
      <span class="hidden" aria-live="polite" data-announcement>
        {log.announcement.value}
      </span>
      {position.following.value ? (
        <span class="following">{log.connection.value.state === 'over' ? '' : 'following'}</span>
      ) : (
        <button type="button" class="primary" onClick={position.toLatest}>
          {position.newLines.value > 0
            ? `${counted(position.newLines.value)} new ↓`
            : 'To the end ↓'}
        </button>
      )}
    </div>
  )
}

function linesOf(count: number): string {
  return count === 1 ? '1 line' : `${counted(count)} lines`
}
