import { withDeadline } from '@launchtail/client/async'
import type { SkyPilotState } from '@launchtail/client/protocol'
import type { SkyPilot } from '../../../nodes/skypilot.js'
import { skyApi } from '../api/api.js'
import { DEFAULT_USER } from '../api/caller.js'
import { skyHttp } from '../api/http.js'
import { infraIn } from './check-text.js'
import { onceInAWhile } from './once.js'

export interface DescribeApiOptions {
  endpoint: string
  token?: string | undefined
  /** The user that requests come from, where a login does not decide. */
  user?: string
  /** How long a check may take, in milliseconds: it asks every cloud. */
  timeout?: number
}

const TIMEOUT = 60_000

/** Describes an API server. */
export function describeApi({
  endpoint,
  token,
  user: own = DEFAULT_USER,
  timeout = TIMEOUT,
}: DescribeApiOptions): SkyPilot {
  const http = skyHttp({ endpoint, token, timeout: 5000 })
  const api = skyApi({ http, user: own, patience: timeout })
  return { describe: onceInAWhile(describe) }

  async function describe(): Promise<SkyPilotState> {
    const state: SkyPilotState = { way: 'api', infra: [], clusters: [] }
    try {
      const { version, apiVersion, user = own, open } = await api.health()
      Object.assign(state, {
        ...(version !== undefined && { version }),
        ...(apiVersion !== undefined && { api_version: apiVersion }),
        ...{ user, open },
      })
      const [check, clusters] = await withDeadline(timeout, undefined, (signal) =>
        Promise.all([api.check(signal), api.ownClusters(signal)]),
      )
      return { ...state, infra: infraIn(check), clusters: [...clusters] }
    } catch (error) {
      return { ...state, problem: (error as Error).message }
    }
  }
}
