/** How long an answer is given again, in milliseconds: a check asks every cloud. */
const FRESH = 60_000
/** The same for one that tells of a problem, which somebody may be mending. */
const FRESH_PROBLEM = 3000

/** Acts once at a time, and gives its answer again while it is fresh. */
export function onceInAWhile<T extends { problem?: string | undefined }>(
  act: () => Promise<T>,
): () => Promise<T> {
  let answer: Promise<T> | undefined
  let until = 0
  return () => {
    if (answer && performance.now() < until) return answer
    until = Number.POSITIVE_INFINITY
    answer = ask()
    return answer
  }

  async function ask(): Promise<T> {
    let fresh = 0
    try {
      const given = await act()
      fresh = given.problem === undefined ? FRESH : FRESH_PROBLEM
      return given
    } finally {
      until = performance.now() + fresh
    }
  }
}
