import type { Phase } from '@launchtail/client'
import { formatDuration, PHASE_TABLE, phaseOrder } from '@launchtail/client/protocol'
import type { Colors } from 'picocolors/types.js'
import { cut, oneLine } from './text.js'

export interface Progress {
  phase: Phase
  /** Percent. */
  progress: number
  message: string
  /** Estimated seconds until the node is active. */
  eta?: number | undefined
  stalled?: boolean | undefined
}

/** The phases with the present one marked, a bar, and the newest message: three lines. */
export function progressLines(state: Progress, width: number, colors: Colors): string {
  const message = cut(oneLine(state.message), width - 1)
  const drawn = bar(state, Math.min(40, width - 30), colors)
  return `${phases(state.phase, width, colors)}\n${drawn}\n${colors.dim(message)}`
}

/** The same on one line, for several nodes. */
export function progressLine(state: Progress, width: number, colors: Colors): string {
  const phase = colorOf(state.phase, colors)(state.phase.padEnd(14))
  return `${phase} ${bar(state, Math.min(24, width - 60), colors)}`
}

/** All phases by name. If that is too wide, all except the present one become dots. */
function phases(present: Phase, width: number, colors: Colors): string {
  const all = PHASE_TABLE.filter(({ name }) => name !== 'failed' || present === 'failed')
  const isWide = all.map(({ name }) => name).join(' · ').length < width
  const shown = all.map(({ name }) => {
    if (name === present) return colorOf(present, colors)(name)
    const isPast = present !== 'failed' && phaseOrder(name) < phaseOrder(present)
    const text = isWide ? name : isPast ? '●' : '○'
    return isPast ? colors.green(text) : colors.dim(text)
  })
  return shown.join(colors.dim(isWide ? ' · ' : ' '))
}

function colorOf(phase: Phase, colors: Colors) {
  if (phase === 'failed') return colors.red
  return phase === 'active' ? colors.green : colors.bold
}

function bar({ progress, eta, stalled }: Progress, columns: number, colors: Colors): string {
  const length = Math.max(10, columns)
  const filled = Math.round((progress / 100) * length)
  const drawn = `${'█'.repeat(filled)}${colors.dim('░'.repeat(length - filled))}`
  const left = eta === undefined ? '' : `  about ${roughly(eta)} left`
  const still = stalled ? colors.yellow('  nothing new for unusually long') : ''
  return `${drawn} ${`${Math.round(progress)}%`.padStart(4)}${left}${still}`
}

/** Rounded to whole minutes, from a minute on. */
function roughly(seconds: number): string {
  const rounded = seconds < 60 ? Math.round(seconds) : Math.round(seconds / 60) * 60
  return formatDuration(rounded * 1000)
}
