import { join } from 'node:path'
import { filesOf } from '../../supervised/files.js'

/** The files in the folder of a launch through the `sky` command. */
export function cliFiles(folder: string) {
  return {
    ...filesOf(folder),
    /** Exists while `sky launch` runs: a link to a file that has no name of its own. */
    task: join(folder, 'task.yaml'),
    /** Exists once the cluster is up and its job is submitted. */
    launched: join(folder, 'launched.json'),
    /** Exists while the job's log is being read, from its first bytes on. */
    reading: join(folder, 'reading'),
  }
}

export interface Launched {
  /** How many line ends of the output were before the job's. */
  readonly lines: number
}

/** Written when the launch is over and its last output is written. */
export interface CliEnd {
  readonly step: 'launch' | 'job'
  readonly code: number | null
  /** True where the cluster does not exist any more. */
  readonly gone?: boolean
  /** Why `sky` could not be started, or not be understood. */
  readonly fault?: string
}

/** A supervisor's orders, which it gets through its standard input and nowhere else. */
export interface CliPlan {
  readonly sky: string
  readonly cluster: string
  readonly task: string
  readonly secrets: Readonly<Record<string, string>>
  /** Further values that must not be written to the output. */
  readonly hidden: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds before the job's log is read again. */
  readonly retry: number
  /** Milliseconds between two looks at the cluster. */
  readonly look: number
  /** Milliseconds that a `sky` command that only asks something may take. */
  readonly timeout: number
}
