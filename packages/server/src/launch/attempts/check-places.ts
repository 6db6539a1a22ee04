import type { LaunchRequest } from '@launchtail/client/protocol'
import { parseTask } from '../task.js'
import { refusal } from '../task-refusal.js'

/** Throws an HttpError for places and attempts that the launch cannot have. */
export function checkPlaces(request: LaunchRequest): void {
  const { places, attempts, mode, provider, task, retry_until_up, launch_timeout } = request
  const faults: string[] = []
  if (mode === 'job' && (places !== undefined || attempts !== undefined)) {
    faults.push('"attempts" and "places" have no meaning with "mode": "job": SkyPilot tries again')
  }
  if (mode === 'job' && retry_until_up) {
    faults.push('"retry_until_up" has no meaning with "mode": "job": SkyPilot tries until it is up')
  }
  if (retry_until_up && attempts !== undefined) {
    faults.push('"retry_until_up" and "attempts" exclude each other: leave one of them out')
  }
  if (retry_until_up && launch_timeout === undefined) {
    faults.push('"retry_until_up" needs a "launch_timeout", for how long to try at most')
  }
  if (places !== undefined && provider === 'local') {
    faults.push('"places" has no meaning with provider "local"')
  }
  if (places?.some(({ infra }) => infra.split('/')[0]?.toLowerCase() === 'local')) {
    faults.push('"places" cannot have this machine among them')
  }
  if (places !== undefined && task !== undefined && namesPlace(task)) {
    faults.push('"places" has no meaning beside a "task" that says where it runs')
  }
  if (faults.length > 0) throw refusal(faults)
}

function namesPlace(task: string): boolean {
  const { resources = {} } = parseTask(task)
  return PLACES.some((name) => name in resources)
}

const PLACES = ['infra', 'cloud', 'region', 'zone', 'any_of', 'ordered']
