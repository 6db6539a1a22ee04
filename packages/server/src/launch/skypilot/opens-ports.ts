import type { LaunchRequest } from '@launchtail/client/protocol'
import type { LaunchWord } from '../../ingest/launch-line.js'
import { readyFrom } from '../readiness/ready-from.js'
import { parseTask, type Task } from '../task.js'
import { isRecord } from '../task-fields.js'

/** Places that cannot open a port, as SkyPilot names them. */
const CLOSED = /^slurm(?:\/|$)/i

/**
 * True where SkyPilot is to be asked to open the server's port. Where a place cannot, a launch that asks
 * for it is refused. A task that serves nothing asks for none.
 */
export function opensPorts(request: LaunchRequest): boolean {
  const { expose, provider, task } = request
  if (expose === false) return false
  const parsed = task === undefined ? undefined : parseTask(task)
  if (readyFrom(request) === 'job' && parsed && !parsed.resources?.ports) return false
  return !CLOSED.test(placeIn(parsed) ?? provider)
}

/**
 * True where a launch whose ports are refused may be asked for once more without them. One that is ready
 * at its endpoint alone would never be.
 */
export function canDoWithoutPorts(request: LaunchRequest): boolean {
  return opensPorts(request) && request.readiness?.from !== 'endpoint'
}

/** The place that a task names itself; several may be tried, and then one that opens ports may come. */
function placeIn(task: Task | undefined): string | undefined {
  const { infra, cloud, any_of, ordered } = task?.resources ?? {}
  const places = [any_of ?? ordered ?? []].flat().filter(isRecord)
  const named = [...places.map((one) => one.infra ?? one.cloud), infra, cloud]
  const texts = named.filter((one) => typeof one === 'string')
  return texts.find((one) => !CLOSED.test(one)) ?? texts[0]
}

/** Said when a launch that was refused because of its ports is asked for once more. */
export const WITHOUT_PORTS: LaunchWord = {
  level: 'warn',
  message: 'The place cannot open ports; the launch is asked for once more without them',
}

/** True where SkyPilot says that the place, or all places that are enabled, cannot open ports. */
export function saysNoPorts(text: string): boolean {
  return NO_PORTS.test(text)
}

const NO_PORTS =
  /\bopen_ports\b|\bOpening ports is not supported\b|\bNo enabled clouds? supports? opening ports\b/
