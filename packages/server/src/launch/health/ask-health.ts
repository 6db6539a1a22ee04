import { formatDuration } from '@launchtail/client/protocol'
import { type AskOptions, serverAsker } from '../readiness/ask-server.js'

/** What a server that was asked whether it is healthy has answered. */
export interface Answered {
  /** Milliseconds. */
  readonly latency: number
  /** Why it is not healthy; undefined if it is. */
  readonly fault: string | undefined
}

/** Milliseconds that an answer may take: a busy server is slow to answer, and healthy. */
const ANSWER = 10_000

const HAS_NO_SUCH_PATH = new Set([404, 405, 501])

/** Asks a server at the paths of its readiness, and from then on at the one that showed it healthy. */
export function healthAsker({ readiness, ...options }: AskOptions): () => Promise<Answered> {
  const { answer: own = 0 } = readiness
  const answer = Math.max(ANSWER, own)
  const ask = serverAsker({ ...options, readiness: { ...readiness, answer } })
  let { paths } = readiness
  return async () => {
    let fault = ''
    let begun = 0
    for (const path of paths) {
      begun = performance.now()
      const status = await ask(path)
      const latency = Math.round(performance.now() - begun)
      if (status !== undefined && status >= 200 && status < 300) {
        paths = [path]
        return { latency, fault: undefined }
      }
      const waited = formatDuration(answer)
      const silence = latency < answer ? 'does not answer' : `has not answered within ${waited}`
      fault = status === undefined ? `it ${silence}` : `${path} answers ${status}`
      if (status === undefined || !HAS_NO_SUCH_PATH.has(status)) break
    }
    return { latency: Math.round(performance.now() - begun), fault }
  }
}
