import { withoutControls } from '../../../output/clean.js'
import type { callerNamed } from './caller.js'
import { detailOf } from './fault-detail.js'
import type { SkyHttp } from './http.js'
import type { SkyRequests } from './request-calls.js'

/** What SkyPilot says about a task before it is launched. */
export interface SkyPlans {
  /** Why SkyPilot refuses the task; undefined if it does not. */
  validate(dag: string, signal: AbortSignal): Promise<string | undefined>
  /** What SkyPilot prints as it looks for places, and why it finds none, if so. */
  optimize(dag: string, signal: AbortSignal): Promise<{ text: string; fault?: string }>
}

export interface SkyPlansOptions extends Pick<SkyRequests, 'schedule' | 'settled'> {
  http: Pick<SkyHttp, 'ask'>
  /** Who asks, in every body. */
  caller: ReturnType<typeof callerNamed>
  /** All that a request prints. */
  textOf: (id: string, signal: AbortSignal) => Promise<string>
}

export function skyPlans({ http, caller, schedule, settled, textOf }: SkyPlansOptions): SkyPlans {
  return { validate, optimize }

  async function validate(dag: string, signal: AbortSignal): Promise<string | undefined> {
    const body = { ...caller, dag, request_options: null }
    const call = { method: 'POST', path: '/validate', body, accepts: [400], signal } as const
    const answer = await http.ask(call)
    return answer.status === 400 ? detailOf(answer.body) || 'it is refused' : undefined
  }

  async function optimize(dag: string, signal: AbortSignal) {
    const id = await schedule('/optimize', { dag, request_options: null }, signal)
    const text = await textOf(id, signal)
    const ended = await settled(id, signal)
    if (ended.status === 'SUCCEEDED') return { text }
    return { text, fault: ended.status === 'FAILED' ? oneLine(ended.message) : 'cancelled' }
  }
}

const LONGEST = 1000

function oneLine(message: string): string {
  const lines = message.split('\n').map((line) => withoutControls(line).trim())
  return lines.filter(Boolean).join(' ').slice(0, LONGEST)
}
