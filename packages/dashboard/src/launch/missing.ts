import { type Draft, inForm, LABELS } from './draft.js'
import { variablesOf } from './variables.js'

/**
 * What has to be typed before a draft can be launched, in a sentence; empty for nothing. `masked`
 * names the fields in which `***` stands for something secret.
 */
export function missingIn(draft: Draft, masked: readonly string[]): string {
  return missingValues(draft) || missingSecret(draft, masked)
}

function missingValues({ secrets }: Draft): string {
  const empty = Object.entries(variablesOf(secrets)).filter(([, value]) => value === '')
  if (empty.length === 0) return ''
  const names = empty.map(([name]) => name).join(', ')
  return `Type a value for ${names} after the "=", or remove the line.`
}

function missingSecret(draft: Draft, masked: readonly string[]): string {
  const fields = new Set(masked.map(inForm))
  for (const field of fields) {
    const parts = String(draft[field]).split('***')
    if (parts.length === 1) continue
    const line = field === 'task' ? ` (line ${parts[0]?.split('\n').length})` : ''
    return `Replace *** with the secret it stands for: ${LABELS[field]}${line}.`
  }
  return ''
}
