import type { DoneEvent, LogEntry, NodeRecord } from '@launchtail/client'
import { detailsInLine, plain } from '@launchtail/client/protocol'
import picocolors from 'picocolors'
import { timeIn } from './clock.js'
import { failureLine, furtherEvidence } from './failure.js'
import { type Progress, progressLine, progressLines } from './progress.js'
import { oneLine } from './text.js'

/** Turns what is shown into text: with colours if the terminal shows them. */
export interface Formatter {
  /** A line of the log. `label` is the node's, if several are shown. */
  entry(entry: LogEntry, label?: string): string
  /** A message alone. It stays as it is unless a terminal shows it. */
  message(text: string): string
  progress(state: Progress): string
  /** The progress on one line, for several nodes. */
  shortProgress(state: Progress, label: string): string
  /** The outcome of a launch. If it failed, with the cause and the advice. */
  end(done: DoneEvent, failure: NodeRecord['failure'], label?: string): string
  failure(failure: NonNullable<NodeRecord['failure']>): string
  /** The label in front of the lines of the n-th node. */
  label(text: string, n: number): string
  status(text: string, status: NodeRecord['status']): string
  dim(text: string): string
}

/** The formatter for an output of this process. */
export function formatterFor(out: NodeJS.WriteStream, zone = 'local'): Formatter {
  const colors = picocolors.createColors(wantsColor(out))
  const time = timeIn(zone)
  const levels = { debug: colors.dim, info: String, warn: colors.yellow, error: colors.red }
  const statuses = {
    active: colors.green,
    failed: colors.red,
    terminated: colors.dim,
    launching: colors.cyan,
  }
  const labels = [colors.cyan, colors.magenta, colors.green, colors.yellow, colors.blue]
  /** Read each time, because the user may resize the terminal. */
  const width = () => out.columns ?? 80
  return {
    entry,
    message: (text) => (out.isTTY === true ? plain(text) : text),
    progress: (state) => progressLines(state, width(), colors),
    shortProgress: (state, label) => label + progressLine(state, width(), colors),
    end,
    failure,
    label: (text, n) => (labels[n % labels.length] as (text: string) => string)(text),
    status: (text, status) => statuses[status](text),
    dim: colors.dim,
  }

  function entry({ timestamp, level, message, phase, progress, details }: LogEntry, label = '') {
    const percent = progress === undefined ? '    ' : `${Math.round(progress)}%`.padStart(4)
    const shown = detailsInLine(details)
    const more = shown === undefined ? '' : colors.dim(` (${oneLine(shown)})`)
    const front = `${label}${colors.dim(time(timestamp))} ${colors.cyan(phase.padEnd(14))} ${percent}`
    const prefix = level === 'info' ? '' : `${level}: `
    return `${front} ${levels[level](prefix + oneLine(message))}${more}`
  }

  function end({ status, endpoint, message }: DoneEvent, fault: NodeRecord['failure'], label = '') {
    if (status === 'active')
      return `${label}${colors.green('active')} ${oneLine(endpoint ?? '')}`.trimEnd()
    if (status === 'failed' && fault) {
      const lines = [failure(fault), ...furtherEvidence(fault), oneLine(fault.advice)]
      return lines.flatMap((line) => (line === '' ? [] : `${label}${line}`)).join('\n')
    }
    if (status === 'failed') return label + colors.red(`failed: ${oneLine(message)}`)
    return `${label}${status}`
  }

  function failure(fault: NonNullable<NodeRecord['failure']>) {
    return colors.red(failureLine(fault))
  }
}

/** True for a terminal, unless NO_COLOR is set (https://no-color.org). */
function wantsColor(stream: { isTTY?: boolean }): boolean {
  if (process.env.NO_COLOR) return false
  return stream.isTTY === true && process.env.TERM !== 'dumb'
}
