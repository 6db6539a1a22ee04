/**
 * The words that rules are tried on: without blanks, marks, spinners and emoji before them, and
 * without a level that stands before a colon, such as uvicorn's `INFO:     `.
 */
export function wordsOf(message: string): string {
  const first = message.charCodeAt(0)
  // Nearly every line begins with a letter that is part of no mark and no level.
  if (first >= LOWER_A && first <= LOWER_Z) return message
  return message.slice(LEAD.exec(message)?.[0].length ?? 0)
}

const LOWER_A = 97
const LOWER_Z = 122

const LEAD =
  /^(?:[\s⚙✓✔✅❌✗⨯↺├└╰─▶]|[\u2600-\u28ff\u{1f300}-\u{1faff}]|\ufe0e|\ufe0f)*(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL): {1,8})?/u
