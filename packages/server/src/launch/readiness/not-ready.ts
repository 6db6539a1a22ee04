import { formatDuration } from '@launchtail/client/protocol'

/** Says that a launch's time is over, and what its server answers if that is the reason. */
export function notReady(timeout: number, complaint: string | undefined): string {
  const limit = `not ready within ${formatDuration(timeout)}`
  return complaint === undefined ? limit : `${limit}: ${complaint}`
}
