/** The right to run a launch, for as long as it is renewed. */
export interface Lease {
  readonly launchId: string
  /** The fencing token: greater than that of every earlier owner of the launch. */
  readonly token: number
  /** Aborts as soon as the launch is another's, or may be. */
  readonly signal: AbortSignal
  /** Called by whoever learns elsewhere that there is another owner. */
  lose(): void
}

export interface RenewableLease extends Lease {
  /** Counts the length of the lease from this time on, by the monotonic clock. */
  extend(from: number): void
}

export interface LeaseOptions {
  launchId: string
  token: number
  /** For how long the holder may rely on it, in milliseconds. */
  length: number
  /** When it was asked for, by the monotonic clock. */
  from: number
}

/** A lease that loses itself when it is not extended in time. */
export function createLease({ launchId, token, length, from }: LeaseOptions): RenewableLease {
  const lost = new AbortController()
  let timer: NodeJS.Timeout
  extend(from)
  return { launchId, token, signal: lost.signal, lose, extend }

  function lose(): void {
    clearTimeout(timer)
    lost.abort(new Error(`the lease of launch ${launchId} is lost`))
  }

  function extend(from: number): void {
    clearTimeout(timer)
    // A lease that was lost stays lost: the launch is taken up anew.
    if (!lost.signal.aborted) timer = setTimeout(lose, from + length - performance.now()).unref()
  }
}
