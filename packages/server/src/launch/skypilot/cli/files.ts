import { join } from 'node:path'
import { filesOf } from '../../supervised/files.js'

/** What is in the folder of a launch through the `sky` command, beside what every one has. */
export function cliFiles(folder: string) {
  const { output, supervisor, end, faults } = filesOf(folder)
  return {
    ...{ output, supervisor, end, faults },
    /** There while `sky launch` runs: a way to a file that has no name itself. */
    task: join(folder, 'task.yaml'),
    /** There when the cluster is up and its job submitted. */
    launched: join(folder, 'launched.json'),
    /** There while the job's log is being read, from the first that comes of it. */
    reading: join(folder, 'reading'),
  }
}

export interface Launched {
  /** How many line ends of the output were before the job's. */
  readonly lines: number
}

/** There when the launch is over and its last output is written. */
export interface CliEnd {
  readonly step: 'launch' | 'job'
  readonly code: number | null
  /** The cluster is not there any more. */
  readonly gone?: boolean
  /** Why `sky` could not even be started, or be understood. */
  readonly fault?: string
}

/** What a supervisor is told, through its standard input and nowhere else. */
export interface CliPlan {
  readonly sky: string
  readonly cluster: string
  readonly task: string
  readonly secrets: Readonly<Record<string, string>>
  /** Values that must not be written to the output, beside those. */
  readonly hidden: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds before the job's log is read again, and between two looks at the cluster. */
  readonly retry: number
  readonly look: number
}
