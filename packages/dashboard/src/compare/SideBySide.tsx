import type { LogEntry } from '@launchtail/client'
import { alignByPhase, type ComparedLine } from '@launchtail/client/compare'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { withoutSequences } from '../log/ansi.js'
import { counted } from '../parts/counts.js'
import { phaseName } from '../parts/phases.js'
import { timeOf } from '../parts/times.js'
import { MOST_LINES } from './loading.js'

/** Lines of a phase that are drawn at most: the log itself has all of them. */
const MOST_DRAWN = 500

interface SideBySideProps {
  left: readonly LogEntry[]
  right: readonly LogEntry[]
  names: readonly [left: string, right: string]
}

/** The lines of two launches, phase by phase. Those that both have are left out until they are asked for. */
export function SideBySide({ left, right, names }: SideBySideProps) {
  const isWhole = useSignal(false)
  const phases = useMemo(() => alignByPhase(left, right), [left, right])
  const isCut = left.length === MOST_LINES || right.length === MOST_LINES
  return (
    <section class="side-by-side" aria-labelledby="lines">
      <div class="heading">
        <h2 id="lines">Lines of only one of them</h2>
        <label>
          <input
            type="checkbox"
            checked={isWhole.value}
            onChange={({ currentTarget }) => {
              isWhole.value = currentTarget.checked
            }}
          />{' '}
          show all lines
        </label>
        {isCut && <span class="hint">of the newest {counted(MOST_LINES)} lines of each</span>}
      </div>
      {phases.map((aligned) => (
        <div class="aligned" key={aligned.phase} data-phase={aligned.phase}>
          <h3>{phaseName(aligned.phase)}</h3>
          {(['left', 'right'] as const).map((side, i) => (
            <Side
              key={side}
              lines={aligned[side]}
              isWhole={isWhole.value}
              label={`${names[i]}, ${phaseName(aligned.phase)}`}
              start={Date.parse((side === 'left' ? left : right)[0]?.timestamp ?? '')}
            />
          ))}
        </div>
      ))}
    </section>
  )
}

interface SideProps {
  lines: readonly ComparedLine[]
  isWhole: boolean
  label: string
  /** When the launch began, in ms since 1970. */
  start: number
}

function Side({ lines, isWhole, label, start }: SideProps) {
  const chosen = isWhole ? lines : lines.filter(({ isOnlyHere }) => isOnlyHere)
  const drawn = chosen.slice(0, MOST_DRAWN)
  return (
    <section class="side" aria-label={label}>
      {drawn.map(({ entry, isOnlyHere }, i) => (
        <div key={i} class="line-of-log" data-level={entry.level} data-only={isOnlyHere}>
          <time title={entry.timestamp}>
            {timeOf(Date.parse(entry.timestamp), 'since start', start)}
          </time>{' '}
          {withoutSequences(entry.message)}
        </div>
      ))}
      <p class="hint">{restOf(lines.length, chosen.length, drawn.length)}</p>
    </section>
  )
}

function restOf(all: number, chosen: number, drawn: number): string {
  if (all === 0) return 'It was not in this phase.'
  const more = chosen > drawn ? `… and ${counted(chosen - drawn)} more. ` : ''
  const both = all - chosen
  return `${more}${both > 0 ? `${counted(both)} ${both === 1 ? 'line' : 'lines'} in both` : ''}`
}
