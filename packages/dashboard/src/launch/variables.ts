/** Variables as the form has them: `NAME=value`, one a line. */
export function textOfVariables(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quotedIfNeeded(value)}`)
    .join('\n')
}

export function variablesOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=')
      return [name.trim(), unquoted(value.join('='))]
    }),
  )
}

/** A value that does not fit into a line is written as a JSON string. */
function quotedIfNeeded(value: string): string {
  return /^"|[\r\n]/.test(value) ? JSON.stringify(value) : value
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    // It only begins with a quotation mark.
    return value
  }
}
