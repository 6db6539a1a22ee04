import { cleanLine } from '../../../output/clean.js'

/** What `sky launch` prints when the job is submitted. Then it only asks about the cluster once more. */
const SUBMITTED = /^\W*Job submitted, ID: \d+\s*$/
/** How much of what `sky` complains of after that is kept, in bytes. */
const MOST = 64 * 1024

/** Watches the output of `sky launch` for the submission of the job. */
export function watchSubmission() {
  const held: Buffer[] = []
  let size = 0
  let done = false
  let rest = ''
  return { watch, before, complaints: () => held, isDone: () => done }

  /** Passes standard output on. */
  async function* watch(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      if (!done) look(chunk)
      yield chunk
    }
  }

  function look(chunk: Buffer): void {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop()?.slice(-MOST) ?? ''
    done = lines.some((line) => SUBMITTED.test(cleanLine(line).text))
  }

  /** Passes standard error on until the job is submitted, and keeps what comes after it. */
  async function* before(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      if (!done) yield chunk
      else if (size < MOST) {
        size += chunk.length
        held.push(chunk)
      }
    }
  }
}
