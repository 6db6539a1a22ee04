import { parseTask } from '../task.js'

/**
 * A value as YAML that every reader understands the same way: JSON, in ASCII. Strings that YAML 1.1 takes
 * for something else without quotes (`yes`, `1:30`, `=`) have quotes, and characters that its parsers
 * refuse (such as DEL) are escaped.
 */
export function asYaml(value: unknown): string {
  return JSON.stringify(value, wellFormed, 2).replace(/[^\n\x20-\x7e]/gu, escaped)
}

/** A task's YAML as every reader understands it the same way. */
export function asSent(task: string): string {
  return asYaml(parseTask(task).fields)
}

/** Half of a surrogate pair has no encoding. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

function escaped(char: string): string {
  const code = char.codePointAt(0) as number
  // JSON has no escape with more than four digits; YAML has.
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return `\\u${code.toString(16).padStart(4, '0')}`
}
