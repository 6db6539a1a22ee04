/**
 * An entry's details for a line of text: without what was read out of nearly every line (its logger,
 * the time it bore), and the place of its writer by itself. Undefined where nothing is left.
 */
export function detailsInLine(details: string | undefined): string | undefined {
  if (!details || !READ_OUT.test(details)) return details || undefined
  const lines = details.split('\n').filter((line) => !/^(?:logger|said_at): /.test(line))
  return lines.join('\n').replace(/^place: /, '') || undefined
}

const READ_OUT = /^(?:place|logger|said_at): /
