import {
  clampProgress,
  type Draft,
  foldLaunch,
  type LaunchState,
  type LogEntry,
} from '@launchtail/client/protocol'

export interface Completed {
  readonly entries: LogEntry[]
  /** The launch's state after these entries. */
  readonly launch: LaunchState
  /** The number of drafts that were left out because the list is full. */
  readonly leftOut: number
}

/**
 * Fills in the fields that drafts leave out, and keeps progress from going back within a launch.
 * Drafts past the list's bound are left out, except warnings, errors and changes of phase.
 */
export function complete(
  drafts: readonly Draft[],
  { phase, progress, length }: LaunchState & { readonly length: number },
  { maxEntries, timestamp }: { maxEntries: number; timestamp: string },
): Completed {
  let launch: LaunchState = { phase, progress }
  const entries: LogEntry[] = []
  let leftOut = 0
  for (const draft of drafts) {
    const entry = completeOne(draft, launch, timestamp)
    if (length + entries.length >= maxEntries) {
      if (length + entries.length === maxEntries) entries.push(fullNotice(maxEntries, entry))
      if (!isKeptInFull(entry, launch)) {
        leftOut += 1
        continue
      }
    }
    launch = foldLaunch(launch, entry)
    entries.push(entry)
  }
  return { entries, launch, leftOut }
}

function completeOne(draft: Draft, launch: LaunchState, now: string): LogEntry {
  const { timestamp = now, level = 'info', phase = launch.phase, progress, details } = draft
  const entry: LogEntry = { timestamp, level, message: draft.message.toWellFormed(), phase }
  if (progress !== undefined) entry.progress = clampProgress(launch, { phase, progress })
  if (details) entry.details = details.toWellFormed()
  return entry
}

/** True for what is kept past the bound. */
function isKeptInFull({ level, phase }: LogEntry, launch: LaunchState): boolean {
  return level === 'warn' || level === 'error' || phase !== launch.phase
}

function fullNotice(maxEntries: number, { timestamp, phase }: LogEntry): LogEntry {
  return {
    timestamp,
    level: 'warn',
    message: `The log has reached ${maxEntries} entries: from here on only warnings, errors and phase changes are kept`,
    phase,
  }
}
