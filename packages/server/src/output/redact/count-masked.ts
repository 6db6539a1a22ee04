import type { Redactor } from './index.js'

/** The same redactor, which calls back for each text that it has changed. */
export function countMasked({ redact, line, cutOff }: Redactor, onMasked: () => void): Redactor {
  const counted = (mask: (text: string) => string) => (text: string) => {
    const masked = mask(text)
    if (masked !== text) onMasked()
    return masked
  }
  return { redact: counted(redact), line: counted(line), cutOff: counted(cutOff) }
}
