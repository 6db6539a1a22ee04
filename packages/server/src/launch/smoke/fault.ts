/** Why a smoke test failed. */
export class SmokeFault extends Error {
  /** The code of the failure's cause. */
  readonly code: 'unknown_model' | 'warmup_failed' | 'health_timeout'

  constructor(message: string, code: SmokeFault['code']) {
    super(message)
    this.code = code
  }
}
