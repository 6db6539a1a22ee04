/**
 * A value as YAML that reads the same everywhere: JSON, in ASCII. What YAML 1.1 takes for something
 * else where it stands bare (`yes`, `1:30`, `=`) and what its readers refuse (DEL, for one) is in
 * quotes and escaped.
 */
export function asYaml(value: unknown): string {
  return JSON.stringify(value, wellFormed, 2).replace(/[^\n\x20-\x7e]/gu, escaped)
}

/** Half of a character is in no encoding. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

function escaped(char: string): string {
  const code = char.codePointAt(0) as number
  // JSON has no escape for what is beyond four digits; YAML has.
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return `\\u${code.toString(16).padStart(4, '0')}`
}
