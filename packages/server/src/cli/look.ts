import type { LogEntry, NodeRecord, Phase } from '@launchtail/client'
import { PHASE_TABLE, phaseOrder } from '@launchtail/client/protocol'
import picocolors from 'picocolors'
import { plain } from '../logs/plain.js'

/** How things look: in colour on a terminal that shows it, else as plain text. */
export interface Look {
  entry(entry: LogEntry, label?: string): string
  /** The launch's eight steps with the one it is in, and how far it is. */
  rail(state: { phase: Phase; progress: number; message: string }, eta?: number): string
  node(node: NodeRecord): string
  failure(node: NodeRecord): string
}

export interface LookOptions {
  color: boolean
  /** `local`, `utc`, or a zone's name such as `Europe/Berlin`. */
  zone?: string
  width?: number
}

/** Whether to colour: on a terminal, unless NO_COLOR says otherwise (https://no-color.org). */
export function wantsColor(stream: { isTTY?: boolean }): boolean {
  if (process.env.NO_COLOR) return false
  return stream.isTTY === true && process.env.TERM !== 'dumb'
}

export function createLook({ color, zone = 'local', width = 80 }: LookOptions): Look {
  const colors = picocolors.createColors(color)
  const time = timeIn(zone)
  const byLevel = {
    debug: colors.dim,
    info: (text: string) => text,
    warn: colors.yellow,
    error: colors.red,
  }
  return { entry, rail, node, failure }

  function entry({ timestamp, level, message, phase, progress, details }: LogEntry, label = '') {
    const percent = progress === undefined ? '    ' : `${Math.round(progress)}%`.padStart(4)
    const words = plain(message.replace(/[\r\n]+/g, ' '))
    const more = details ? colors.dim(` (${plain(details.replace(/[\r\n]+/g, ' '))})`) : ''
    const front = `${label}${colors.dim(time(timestamp))} ${colors.cyan(phase.padEnd(14))} ${percent}`
    const mark = level === 'info' ? '' : `${level}: `
    return `${front} ${byLevel[level](mark + words)}${more}`
  }

  function rail({ phase, progress, message }: Parameters<Look['rail']>[0], eta?: number) {
    const at = phaseOrder(phase)
    const steps = PHASE_TABLE.filter(({ name }) => name !== 'failed' || phase === 'failed')
    const shown = steps.map(({ name }) => {
      if (name === phase) return phase === 'failed' ? colors.red(name) : colors.bold(name)
      return phaseOrder(name) < at && phase !== 'failed' ? colors.green(name) : colors.dim(name)
    })
    const length = Math.max(10, Math.min(40, width - 30))
    const filled = Math.round((progress / 100) * length)
    const bar = `${'█'.repeat(filled)}${colors.dim('░'.repeat(length - filled))}`
    const left = eta === undefined ? '' : `  about ${duration(eta)} left`
    const words = plain(message).slice(0, Math.max(0, width - 1))
    return `${shown.join(colors.dim(' · '))}\n${bar} ${Math.round(progress)}%${left}\n${colors.dim(words)}`
  }

  function node({ node_id, cluster_name, status, phase, progress, message, endpoint }: NodeRecord) {
    const paint = {
      active: colors.green,
      failed: colors.red,
      terminated: colors.dim,
      launching: colors.cyan,
    }
    const state = status === 'launching' ? `${phase} ${Math.round(progress)}%` : status
    const what = endpoint ?? plain(message)
    const words = what.length > 80 ? `${what.slice(0, 79)}…` : what
    return `${node_id.padEnd(36)}  ${paint[status](state.padEnd(18))}  ${(cluster_name ?? '').padEnd(32)}  ${words}`.trimEnd()
  }

  function failure({ failure: fault }: NodeRecord) {
    if (!fault) return ''
    const details = fault.details ? `\n${plain(fault.details)}` : ''
    return `${colors.red(`failed in ${fault.phase}: ${plain(fault.message)}`)}${details}`
  }
}

function timeIn(zone: string): (timestamp: string) => string {
  const timeZone = zone === 'local' ? undefined : zone === 'utc' ? 'UTC' : zone
  const format = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone })
  return (timestamp) => format.format(new Date(timestamp))
}

/** Seconds as a person says them: `45s`, `3m`, `1h 20m`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)}s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}
