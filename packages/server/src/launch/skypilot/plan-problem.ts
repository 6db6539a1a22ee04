import type { LaunchRequest, PlanProblem } from '@launchtail/client/protocol'

/** What SkyPilot says against a launch, with the field of the request that it is most likely about. */
export function problemOf(message: string, { task }: LaunchRequest): PlanProblem {
  const field = FIELDS.find(([when]) => when.test(message))?.[1] ?? 'task'
  // Where the task has resources of its own, SkyPilot may mean those.
  return { field: task !== undefined && field !== 'provider' ? 'task' : field, message }
}

const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/not enabled|No enabled|credentials|NoCloudAccess|cannot be reached/i, 'provider'],
  [/\bports?\b/i, 'expose'],
  [/\b(?:region|zone|partition)s?\b/i, 'region'],
  [
    /accelerator|\bGPUs?\b|instances? satisfying|No resource satisfying|launchable resource/i,
    'gpu',
  ],
  [/\bdisk/i, 'disk_size'],
]
