import type { Duty } from '../../database/duty.js'

/** Begins the next round of taking in after a while. */
export interface RoundTimer {
  isSet(): boolean
  set(wait: number): void
  clear(): void
  /** Nothing begins any more. */
  stop(): void
}

/** Milliseconds between looks at whether another server still does it. This one keeps its marks meanwhile. */
const LOOK_EVERY = 2000

export function createRoundTimer(
  begin: () => Promise<void>,
  { duty, onFault }: { duty: Pick<Duty, 'isOurs'> | undefined; onFault: (error: unknown) => void },
): RoundTimer {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  return {
    isSet: () => timer !== undefined,
    set,
    clear,
    stop() {
      isStopped = true
      clear()
    },
  }

  function set(wait: number): void {
    if (!isStopped) timer = setTimeout(act, wait).unref()
  }

  function clear(): void {
    clearTimeout(timer)
    timer = undefined
  }

  function act(): void {
    timer = undefined
    if (duty?.isOurs() === false) set(LOOK_EVERY)
    else begin().catch(onFault)
  }
}
