/** The values of a metric's labels. None is an id: each combination is a time series of its own. */
export type Labels<Label extends string = string> = Readonly<Record<Label, string>>

/** A number for each combination of labels. */
export interface Counter<Label extends string = never> {
  add(labels: Labels<Label>, count?: number): void
  read(): { labels: Labels; value: number }[]
}

/**
 * `known` are combinations that are there from the start, at 0: Prometheus sees no increase in a series
 * that begins with 1.
 */
export function createCounter<Label extends string>(
  known: readonly Labels<Label>[] = [],
): Counter<Label> {
  const values = new Map<string, { labels: Labels; value: number }>()
  for (const labels of known) values.set(JSON.stringify(labels), { labels, value: 0 })
  return {
    add(labels, count = 1) {
      const key = JSON.stringify(labels)
      const counted = values.get(key)
      if (counted) counted.value += count
      else values.set(key, { labels, value: count })
    },
    read: () => [...values.values()],
  }
}
