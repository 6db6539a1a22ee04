/**
 * The machines that one attempt of a launch has, as far as their money is concerned. Times are in
 * milliseconds since 1970, amounts in US dollars.
 */
export interface Instance {
  /** The number of the attempt. */
  readonly number: number
  /** An hour of all its machines; undefined where no price is known. */
  readonly price: number | undefined
  /** When they came up; undefined while they have not. */
  readonly up: number | undefined
  /** When they were gone. */
  readonly down: number | undefined
  /** What they had cost at a time, as SkyPilot's cost report has it. */
  readonly reported: { readonly cost: number; readonly at: number } | undefined
}

const HOUR = 3_600_000

/** What an attempt has cost so far; undefined where no price is known. */
export function spentOn({ price, up, down, reported }: Instance, now: number): number | undefined {
  const end = Math.min(down ?? now, now)
  const since = reported?.at ?? up ?? end
  const running = ((price ?? 0) * Math.max(0, end - since)) / HOUR
  if (reported) return reported.cost + running
  return price === undefined ? undefined : running
}

/** The part of it that falls into a span of time. What SkyPilot reports is spread evenly. */
export function spentBetween(
  instance: Instance,
  { from, to }: { from: number; to: number },
  now: number,
): number {
  const { up, down } = instance
  if (up === undefined) return 0
  const end = Math.min(down ?? now, now)
  const share = Math.min(to, end) - Math.max(from, up)
  if (share <= 0 || end <= up) return 0
  return ((spentOn(instance, now) ?? 0) * share) / (end - up)
}

/** What a launch has cost so far, as far as prices are known; undefined where none is. */
export function spentOnAll(instances: readonly Instance[], now: number): number | undefined {
  const known = instances.flatMap((one) => spentOn(one, now) ?? [])
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0)
}

/** To a hundredth of a cent. */
export function rounded(dollars: number): number {
  return Math.round(dollars * 10_000) / 10_000
}
