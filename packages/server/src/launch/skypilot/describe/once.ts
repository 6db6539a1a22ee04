/** How long an answer is given again, in milliseconds: a check asks every cloud. */
const FRESH = 60_000

/** Acts once at a time, and gives its answer again while it is fresh. */
export function onceInAWhile<T>(act: () => Promise<T>, fresh = FRESH): () => Promise<T> {
  let answer: Promise<T> | undefined
  let until = 0
  return () => {
    if (answer && performance.now() < until) return answer
    until = Number.POSITIVE_INFINITY
    answer = act().finally(() => {
      until = performance.now() + fresh
    })
    return answer
  }
}
