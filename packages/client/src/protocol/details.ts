/**
 * An entry's details for a line of text: without what was read out of nearly every line (its logger,
 * the time it bore), and the place of its writer by itself. Undefined where nothing is left.
 */
export function detailsInLine(details: string | undefined): string | undefined {
  if (!details || !wasReadOut(details)) return details || undefined
  const lines = details.split('\n').filter((line) => !/^(?:logger|said_at): /.test(line))
  return lines.join('\n').replace(/^place: /, '') || undefined
}

/** True if an entry's details begin with what was read out of its line. Nearly every line has such. */
export function wasReadOut(details: string): boolean {
  return READ_OUT.test(details)
}

/** Where an entry's writer was: `rank=1 node=worker1 pid=7`. Empty where its details do not say. */
export function placeIn(details: string | undefined): string {
  return PLACE.exec(details ?? '')?.[1] ?? ''
}

/**
 * Which of several machines or processes wrote an entry. SkyPilot names machines by `head` and `worker1`;
 * a process there may have a rank of its own, which does not tell the machines apart.
 */
export function rankIn(details: string | undefined): string | undefined {
  const [, rank, head, worker] = RANK.exec(details ?? '') ?? []
  return head ? '0' : (worker ?? rank)
}

const RANK = /^place: (?:rank=(\S+) ?)?(?:node=(?:(head)|worker(\d+))( |$))?/m

const READ_OUT = /^(?:place|logger|said_at): /
const PLACE = /^place: (.*)/
