/**
 * Taking a Slurm cluster down signals only its batch script in SkyPilot before 0.14. A task that still runs
 * keeps the allocation, the script's own clean-up waits for it, and the Slurm job goes on for as long as
 * its partition allows, while SkyPilot has forgotten it. So its tasks are cancelled first.
 */
export function keepsTasks({
  status,
  cloud,
}: {
  status: string
  cloud: string | undefined
}): boolean {
  return status === 'UP' && cloud?.toLowerCase() === 'slurm'
}

/** The API of SkyPilot 0.14.1, which ends them itself. */
export const FIRST_API_THAT_ENDS_TASKS = 62

/** True if this is what the `sky` of such an older SkyPilot says to `--version`. */
export function isOfOldSky(text: string): boolean {
  const [, major, minor] = /\bversion (\d+)\.(\d+)\b/.exec(text) ?? []
  return Number(major) === 0 && Number(minor) < 14
}
