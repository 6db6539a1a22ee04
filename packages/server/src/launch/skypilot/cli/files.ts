import { join } from 'node:path'
import { z } from 'zod'
import { filesOf } from '../../supervised/files.js'

/** The files in the folder of a launch through the `sky` command. */
export function cliFiles(folder: string) {
  const files = filesOf(folder)
  const { own } = files
  return {
    ...files,
    /** Exists while `sky launch` runs: a link to a file that has no name of its own. */
    task: join(own, 'task.yaml'),
    /** Exists once SkyPilot has refused to open ports: the launch goes on without them. */
    portless: join(own, 'portless'),
    /** Exists once the cluster is up and its job is submitted. */
    launched: join(own, 'launched.json'),
    /** Exists while the job's log is being read, from its first bytes on. */
    reading: join(own, 'reading'),
  }
}

export const launchedFile = z.object({
  /** How many line ends of the output were before the job's. */
  lines: z.number().int().min(0),
})

/** Written when the launch is over and its last output is written. */
export const cliEndFile = z.object({
  step: z.enum(['launch', 'job']),
  code: z.number().int().nullable(),
  /** True where the cluster does not exist any more. */
  gone: z.boolean().optional(),
  /** Why `sky` could not be started, or not be understood. */
  fault: z.string().max(4000).optional(),
})

export type Launched = z.infer<typeof launchedFile>
export type CliEnd = z.infer<typeof cliEndFile>

/** A supervisor's orders, which it gets through its standard input and nowhere else. */
export interface CliPlan {
  readonly sky: string
  readonly cluster: string
  readonly task: string
  /** The same without ports; undefined where none are asked for. */
  readonly portless?: string | undefined
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
