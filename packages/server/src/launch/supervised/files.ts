import { existsSync, linkSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * The files in the folder of a launch that has a supervisor. They have a folder of their own, where the
 * launch's programs have no business. None of them holds a secret's value.
 */
export function filesOf(folder: string) {
  const own = ownFolder(folder)
  return {
    own,
    /** Where `setup` and `run` work. */
    work: join(folder, 'work'),
    /** All their output, without secrets. Only ever appended to. */
    output: join(own, 'output.log'),
    /** The supervisor's own standard error: empty, unless it is broken. */
    faults: join(own, 'supervisor.log'),
    supervisor: join(own, 'supervisor.json'),
    run: join(own, 'run.json'),
    end: join(own, 'end.json'),
  }
}

export type Files = ReturnType<typeof filesOf>

/** Launches that an earlier version started have these files beside `work`. */
function ownFolder(folder: string): string {
  const own = join(folder, 'supervisor')
  if (existsSync(own)) return own
  const isOld = ['supervisor.json', 'output.log'].some((name) => existsSync(join(folder, name)))
  return isOld ? folder : own
}

/** A number that a process can have; 0 where nobody has taken the launch. */
const pid = z.number().int().min(0).max(4_194_304)
const time = z.number().min(0).max(8.64e15)
const code = z.number().int().nullable()
const words = z.string().max(4000)

/** The process that runs the launch. Written once, so a launch is never started a second time. */
export const supervisorFile = z.object({
  pid,
  started: z.string().max(200),
  /** When it started, in milliseconds since 1970. */
  at: time,
})

/** Written as soon as `run` is started. */
export const runFile = z.object({ port: z.number().int().min(1).max(65_535) })

/** Written when the launch is over and its last output is written. */
export const endFile = z.object({
  step: z.enum(['setup', 'run']),
  code,
  signal: z.string().max(40).nullable(),
  /** Why it could not be started. */
  fault: words.optional(),
  at: words,
})

export type Supervisor = z.infer<typeof supervisorFile>
export type Run = z.infer<typeof runFile>
export type End = z.infer<typeof endFile>

/** Writes a file so that a reader sees all of it or none of it. */
export function writeJson(file: string, value: object): void {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600 })
  renameSync(draft, file)
}

/** Like `writeJson`, for a file that does not exist yet. False where another process was first. */
export function claimJson(file: string, value: object): boolean {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600 })
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(draft)
  }
}
