import type { LaunchWord } from '../../ingest/launch-line.js'
import type { ProbeReport } from './node-probe/report.js'

export interface Gap {
  /** Looks again. `base` is the endpoint that is asked, if one is known. */
  look(report: ProbeReport | undefined, base: string | undefined): void
  /** Milliseconds since the server was ready on its node; 0 where it is not. */
  lasts(): number
  /** Why the server is not reached although it is ready, once that has lasted for a while. */
  complaint(): string | undefined
  /** The complaint, as a word for the log. It is given once. */
  takeWarning(): LaunchWord | undefined
}

/** Watches for a server that is ready on its node and does not answer at its endpoint. */
export function watchGap(patience: number): Gap {
  let since: number | undefined
  let why: string | undefined
  let warned = false
  return { look, lasts, complaint, takeWarning }

  function look(report: ProbeReport | undefined, base: string | undefined): void {
    if (report?.is === 'taken') {
      const { port, host } = report
      why = `port ${port} is already in use by another program on the node ${host}`
      return
    }
    if (report?.is !== 'ready') return
    since ??= performance.now()
    const where =
      base === undefined ? 'SkyPilot names no endpoint for it' : `not at ${base} from here`
    const between = report.loopback
      ? 'it listens on 127.0.0.1 only; have it listen on 0.0.0.0'
      : 'a firewall, a security group or a private network is in between'
    why = `the server answers on its node ${report.host}, but ${where}: ${between}`
  }

  function lasts(): number {
    return since === undefined ? 0 : performance.now() - since
  }

  function complaint(): string | undefined {
    // Another program on the port does not pass by itself.
    return since === undefined || lasts() >= patience ? why : undefined
  }

  function takeWarning(): LaunchWord | undefined {
    const found = complaint()
    if (warned || found === undefined) return undefined
    warned = true
    return { level: 'warn', message: found[0]?.toUpperCase() + found.slice(1) }
  }
}
