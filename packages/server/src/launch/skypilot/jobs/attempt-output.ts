const BEGINS = 'Waiting for task resources on '

export interface AttemptOutputOptions {
  /** Opens the job's output, which goes on through all attempts. */
  open: (signal: AbortSignal) => AsyncGenerator<Buffer, void>
  /** True where a log that begins now is the attempt's that is read. */
  isIts: () => Promise<boolean>
  /** True once the lines that were given tell that the attempt's cluster is lost. */
  isLeft: () => boolean
}

/**
 * The output of one attempt. SkyPilot waits for the next one by itself and gives its log in the same
 * answer, so whose log it is is asked when one begins.
 */
export async function* attemptOutput(
  { open, isIts, isLeft }: AttemptOutputOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  let end = ''
  for await (const chunk of open(signal)) {
    const text = end + chunk.toString('latin1')
    if (text.includes(BEGINS) && !(await isIts())) return
    end = text.slice(-(BEGINS.length - 1))
    yield chunk
    if (isLeft()) return
  }
}
