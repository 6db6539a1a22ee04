/** What an hour of a launch costs, as far as that is known before, in US dollars. */
export interface Prices {
  /** At the place that is tried first. */
  readonly first: number | undefined
  /** At the most expensive of its places. */
  readonly most: number | undefined
}

/** The prices of a launch without a budget, and of one whose price SkyPilot does not know. */
export const UNKNOWN: Prices = { first: undefined, most: undefined }

/** The prices of a launch, by what SkyPilot would choose at each of its places. */
export function pricesOver(chosen: readonly (number | undefined)[]): Prices {
  const known = chosen.filter((price) => price !== undefined)
  return { first: chosen[0], most: known.length === 0 ? undefined : Math.max(...known) }
}
