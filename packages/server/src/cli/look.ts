import type { DoneEvent, LogEntry, NodeRecord, Phase } from '@launchtail/client'
import { formatDuration, PHASE_TABLE, phaseOrder, plain } from '@launchtail/client/protocol'
import picocolors from 'picocolors'

/** How things look: in colour on a terminal that shows it, else as plain text. */
export interface Look {
  /** A line of the log; `label` is the node's, where several are shown. */
  entry(entry: LogEntry, label?: string): string
  /** The words alone: as they are, but on a terminal. */
  message(text: string): string
  /** The launch's steps with the one it is in, how far it is, and what it says. */
  rail(state: RailState): string
  /** The same in one line, for several nodes. */
  shortRail(state: RailState, label: string): string
  /** What became of a launch; the cause and what to do about it, where it failed. */
  end(done: DoneEvent, failure: NodeRecord['failure'], label?: string): string
  failure(failure: NonNullable<NodeRecord['failure']>): string
  /** What is put before the lines of the n-th of several nodes. */
  label(text: string, n: number): string
  status(text: string, status: NodeRecord['status']): string
  dim(text: string): string
}

export interface RailState {
  phase: Phase
  progress: number
  message: string
  /** Seconds it may still take. */
  eta?: number | undefined
  stalled?: boolean | undefined
}

interface LookOptions {
  color: boolean
  /** Whether a terminal reads it: then nothing that steers one is let through. */
  terminal: boolean
  /** `local`, `utc`, or a zone's name such as `Europe/Berlin`. */
  zone?: string
  /** Columns of the terminal, asked for anew each time: its user may resize it. */
  width?: () => number
}

/** Whether to colour: on a terminal, unless NO_COLOR says otherwise (https://no-color.org). */
function wantsColor(stream: { isTTY?: boolean }): boolean {
  if (process.env.NO_COLOR) return false
  return stream.isTTY === true && process.env.TERM !== 'dumb'
}

/** How things look on an output of this process. */
export function lookAt(out: NodeJS.WriteStream, zone?: string): Look {
  return createLook({
    color: wantsColor(out),
    terminal: out.isTTY === true,
    width: () => out.columns ?? 80,
    ...(zone !== undefined && { zone }),
  })
}

function createLook({ color, terminal, zone = 'local', width = () => 80 }: LookOptions): Look {
  const colors = picocolors.createColors(color)
  const time = timeIn(zone)
  const byLevel = {
    debug: colors.dim,
    info: (text: string) => text,
    warn: colors.yellow,
    error: colors.red,
  }
  const byStatus = {
    active: colors.green,
    failed: colors.red,
    terminated: colors.dim,
    launching: colors.cyan,
  }
  const labels = [colors.cyan, colors.magenta, colors.green, colors.yellow, colors.blue]
  return {
    entry,
    message: (text) => (terminal ? plain(text) : text),
    rail,
    shortRail,
    end,
    failure,
    label: (text, n) => (labels[n % labels.length] as (text: string) => string)(text),
    status: (text, status) => byStatus[status](text),
    dim: colors.dim,
  }

  function entry({ timestamp, level, message, phase, progress, details }: LogEntry, label = '') {
    const percent = progress === undefined ? '    ' : `${Math.round(progress)}%`.padStart(4)
    const more = details ? colors.dim(` (${oneLine(details)})`) : ''
    const front = `${label}${colors.dim(time(timestamp))} ${colors.cyan(phase.padEnd(14))} ${percent}`
    const mark = level === 'info' ? '' : `${level}: `
    return `${front} ${byLevel[level](mark + oneLine(message))}${more}`
  }

  function rail(state: RailState) {
    const words = cut(oneLine(state.message), width() - 1)
    return `${steps(state)}\n${bar(state, Math.min(40, width() - 30))}\n${colors.dim(words)}`
  }

  function shortRail(state: RailState, label: string) {
    return `${label}${byPhase(state.phase)(state.phase.padEnd(14))} ${bar(state, Math.min(24, width() - 60))}`
  }

  /** Each step by its name; by a mark, but for the present one, where that is too wide. */
  function steps({ phase }: RailState) {
    const all = PHASE_TABLE.filter(({ name }) => name !== 'failed' || phase === 'failed')
    const wide = all.map(({ name }) => name).join(' · ').length < width()
    const at = phaseOrder(phase)
    const shown = all.map(({ name }) => {
      if (name === phase) return byPhase(phase)(name)
      const isPast = phase !== 'failed' && phaseOrder(name) < at
      const words = wide ? name : isPast ? '●' : '○'
      return isPast ? colors.green(words) : colors.dim(words)
    })
    return shown.join(colors.dim(wide ? ' · ' : ' '))
  }

  function byPhase(phase: Phase) {
    if (phase === 'failed') return colors.red
    return phase === 'active' ? colors.green : colors.bold
  }

  function bar({ progress, eta, stalled }: RailState, columns: number) {
    const length = Math.max(10, columns)
    const filled = Math.round((progress / 100) * length)
    const drawn = `${'█'.repeat(filled)}${colors.dim('░'.repeat(length - filled))}`
    const left = eta === undefined ? '' : `  about ${roughly(eta)} left`
    const still = stalled ? colors.yellow('  nothing new for unusually long') : ''
    return `${drawn} ${`${Math.round(progress)}%`.padStart(4)}${left}${still}`
  }

  function end({ status, endpoint, message }: DoneEvent, fault: NodeRecord['failure'], label = '') {
    if (status === 'active')
      return `${label}${colors.green('active')} ${oneLine(endpoint ?? '')}`.trimEnd()
    if (status === 'failed' && fault) {
      const advice = fault.advice === '' ? '' : `\n${label}${oneLine(fault.advice)}`
      return label + failure(fault) + advice
    }
    if (status === 'failed') return label + colors.red(`failed: ${oneLine(message)}`)
    return `${label}${status}`
  }

  function failure({ phase, message }: NonNullable<NodeRecord['failure']>) {
    return colors.red(`failed in ${phase}: ${oneLine(message)}`)
  }
}

/** Text in one line, with nothing in it that steers a terminal. */
export function oneLine(text: string): string {
  return plain(text.replace(/[\r\n]+/g, ' '))
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`
}

function timeIn(zone: string): (timestamp: string) => string {
  const timeZone = zone === 'local' ? undefined : zone === 'utc' ? 'UTC' : zone
  const format = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone })
  let second = Number.NaN
  let text = ''
  return (timestamp) => {
    const now = Math.floor(Date.parse(timestamp) / 1000)
    // Thousands of lines are of the same second, and formatting is what takes longest.
    if (now !== second) {
      second = now
      text = format.format(now * 1000)
    }
    return text
  }
}

/** To whole minutes, from a minute on. */
function roughly(seconds: number): string {
  const rounded = seconds < 60 ? Math.round(seconds) : Math.round(seconds / 60) * 60
  return formatDuration(rounded * 1000)
}
