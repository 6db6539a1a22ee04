import type { LaunchSummary, LogEntry } from '@launchtail/client'
import type { ComparedLine } from '@launchtail/client/compare'
import { formatDuration } from '@launchtail/client/protocol'
import type { Formatter } from '../format/formatter.js'
import { oneLine } from '../format/text.js'
import { tableOf } from '../stats/table-of.js'
import type { LaunchDifference } from './difference.js'

/** The difference as a person reads it. Of the lines that only one launch has, the first of each phase. */
export function diffText(difference: LaunchDifference, lines: number, format: Formatter): string {
  const { left, right, names, why } = difference
  const parts = [
    [`A  ${headOf(names[0], left)}`, `B  ${headOf(names[1], right)}`].join('\n'),
    [timesTable(difference, format), oneLine(why)].join('\n'),
    fieldsText(difference, format),
    linesText(difference, lines, format),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function headOf(name: string, { outcome, code, started_at }: LaunchSummary): string {
  const end = outcome === undefined ? 'under way' : outcome
  const cause = code === undefined ? '' : `: ${code}`
  return [name, `${end}${cause}`, started_at ?? ''].join('  ').trimEnd()
}

function timesTable({ times }: LaunchDifference, format: Formatter): string {
  const rows = times.map(({ phase, left, right }) => [
    phase,
    written(left),
    written(right),
    left === undefined || right === undefined ? '' : change(right - left),
  ])
  return tableOf({ head: ['phase', 'A', 'B', 'B − A'], words: [0], rows }, format)
}

function written(ms: number | undefined): string {
  return ms === undefined ? '–' : formatDuration(ms, { parts: 2, decimals: 0 })
}

function change(ms: number): string {
  const text = written(Math.abs(ms))
  if (text === '0s') return '='
  return ms > 0 ? `+${text}` : `−${text}`
}

function fieldsText({ fields }: LaunchDifference, { dim }: Formatter): string {
  if (fields.length === 0) return 'Both were asked for in the same way.'
  const sides = fields.map(({ field, left, right }) => [
    dim(field),
    ...linesIn('A', left),
    ...linesIn('B', right),
  ])
  return sides.flat().join('\n')
}

/** A task is several lines. */
function linesIn(side: string, value: string): string[] {
  return (value === '' ? '–' : value).split('\n').map((line) => `  ${side}  ${oneLine(line)}`)
}

function linesText({ phases }: LaunchDifference, lines: number, { dim }: Formatter): string {
  const [fromLeft, fromRight] = [startOf('left'), startOf('right')]
  return phases
    .flatMap(({ phase, left, right }) => {
      const only = [...onlyIn('A', left, fromLeft), ...onlyIn('B', right, fromRight)]
      return only.length > 0 ? [dim(phase), ...only] : []
    })
    .join('\n')

  function startOf(side: 'left' | 'right'): number {
    const [first] = phases.flatMap((phase) => phase[side].slice(0, 1))
    return Date.parse(first?.entry.timestamp ?? '')
  }

  function onlyIn(side: string, all: readonly ComparedLine[], start: number): string[] {
    const only = all.filter(({ isOnlyHere }) => isOnlyHere)
    const more = only.length - lines
    return [
      ...only.slice(0, lines).map(({ entry }) => `  ${side}  ${lineOf(entry, start)}`),
      ...(more > 0 ? [`  ${side}  … and ${more} more`] : []),
    ]
  }
}

function lineOf({ timestamp, message, level }: LogEntry, start: number): string {
  const since = `+${formatDuration(Math.max(0, Date.parse(timestamp) - start), { decimals: 1 })}`
  return `${since.padEnd(9)} ${level === 'info' ? '' : `${level}: `}${oneLine(message)}`
}
