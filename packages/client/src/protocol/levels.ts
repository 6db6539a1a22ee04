/** The levels from the least to the most serious. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type Level = (typeof LEVELS)[number]

const known = new Set<string>(LEVELS)

/**
 * Parses a `level` parameter: one level means that level and above, a list means exactly those.
 * Returns undefined if a name is not a level.
 */
export function parseLevels(text: string): ReadonlySet<Level> | undefined {
  const names = text.split(',').map((name) => name.trim())
  if (!names.every((name): name is Level => known.has(name))) return undefined
  const [only] = names
  if (names.length > 1 || !only) return new Set(names)
  return new Set(LEVELS.slice(LEVELS.indexOf(only)))
}
