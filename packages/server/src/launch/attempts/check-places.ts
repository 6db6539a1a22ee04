import type { LaunchRequest } from '@launchtail/client/protocol'
import { parseTask } from '../task.js'
import { refusal } from '../task-refusal.js'

/** Throws an HttpError for places and attempts that the launch cannot have. */
export function checkPlaces({ places, attempts, mode, provider, task }: LaunchRequest): void {
  const faults: string[] = []
  if (mode === 'job' && (places !== undefined || attempts !== undefined)) {
    faults.push('"attempts" and "places" have no meaning with "mode": "job": SkyPilot tries again')
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
