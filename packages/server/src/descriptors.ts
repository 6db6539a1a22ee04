import { readFileSync } from 'node:fs'

/** Descriptors that stay free for storage and launches, where the process may have many. */
const RESERVE = { min: 128, max: 1024 }
/** What a server without launches and connections needs, and some more. */
const LEAST_RESERVE = 64
const LEAST_CONNECTIONS = 8

/**
 * How many connections may be open at once: all descriptors that the process may have, less a
 * reserve, which is an eighth of them, and half of them where there are few. Node itself raises the
 * soft limit to the hard one when it starts, so nothing is left to raise here.
 */
export function connectionLimit(descriptors = descriptorLimit()): number {
  if (descriptors === undefined) return Number.POSITIVE_INFINITY
  const eighth = Math.min(RESERVE.max, Math.max(RESERVE.min, Math.floor(descriptors / 8)))
  const reserve = Math.max(LEAST_RESERVE, Math.min(eighth, Math.floor(descriptors / 2)))
  return Math.max(LEAST_CONNECTIONS, descriptors - reserve)
}

/** How many descriptors the process may have; undefined where there is no limit or none is known. */
function descriptorLimit(): number | undefined {
  const soft = Number(softLimit())
  return Number.isInteger(soft) ? soft : undefined
}

/** Linux tells it in a line. Elsewhere it is in Node's report on all of the process, a large one. */
function softLimit(): string | number | undefined {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  } catch {
    // Its types say `object`. On Windows it has no limits.
    const { userLimits } = process.report.getReport() as {
      userLimits?: { open_files?: { soft: number | string } }
    }
    return userLimits?.open_files?.soft
  }
}
