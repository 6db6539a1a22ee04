import type { ServerFlags } from '../connection.js'

export interface PipeFlags extends ServerFlags {
  create?: boolean
  provider?: string
  region?: string
  gpu?: string
  model?: string
  readyUrl?: string
  endpoint?: string | true
  readyTimeout: number
  lostAfter: number
}
