import type { Failure } from '@launchtail/client'
import { oneLine } from './text.js'

/** The number of a line of the log, as the page counts them: from 1. */
export function lineNumber(index: number): number {
  return index + 1
}

/** The phase and the line that a launch failed in. */
export function failureLine({ phase, message, evidence, corrected }: Failure): string {
  const [first] = evidence ?? []
  const notes = [
    ...(first ? [`line ${lineNumber(first.index)}`] : []),
    ...(corrected ? ['named by hand'] : []),
  ]
  const note = notes.length > 0 ? ` (${notes.join(', ')})` : ''
  return `failed in ${phase}: ${oneLine(message)}${note}`
}

/** The lines beside that one which show why, each with its number. */
export function furtherEvidence({ evidence = [] }: Failure): string[] {
  return evidence
    .slice(1)
    .map(({ index, message }) => `line ${lineNumber(index)}: ${oneLine(message)}`)
}
