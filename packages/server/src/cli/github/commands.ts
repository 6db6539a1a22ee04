/** A workflow command of GitHub Actions, on a line of its own. */
export function command(
  name: string,
  message: string,
  properties: Readonly<Record<string, string>> = {},
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`)
  return `::${name}${given.length > 0 ? ` ${given.join(',')}` : ''}::${data(message)}`
}

/** A line of a log, in which the runner finds no command: it looks for one form of them anywhere. */
export function harmless(line: string): string {
  return line.replaceAll('##[', '# #[').replace(/^\s*::/, ' : :')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
