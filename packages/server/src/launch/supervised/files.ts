import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from './processes.js'

/** The files in the folder of a launch that has a supervisor. None of them holds a secret's value. */
export function filesOf(folder: string) {
  return {
    /** Where `setup` and `run` work. */
    work: join(folder, 'work'),
    /** All their output, without secrets. Only ever appended to. */
    output: join(folder, 'output.log'),
    /** The supervisor's own standard error: empty, unless it is broken. */
    faults: join(folder, 'supervisor.log'),
    supervisor: join(folder, 'supervisor.json'),
    run: join(folder, 'run.json'),
    end: join(folder, 'end.json'),
  }
}

export type Files = ReturnType<typeof filesOf>

/** The process that runs the launch. Written once, so a launch is never started a second time. */
export interface Supervisor extends Identity {
  /** When it started, in milliseconds since 1970. */
  readonly at: number
}

/** Written as soon as `run` is started. */
export interface Run {
  readonly port: number
}

/** Written when the launch is over and its last output is written. */
export interface End {
  readonly step: 'setup' | 'run'
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not be started. */
  readonly fault?: string
  readonly at: string
}

/** The content of a file that is written as a whole; undefined while it does not exist. */
export function readJson<T>(file: string): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return JSON.parse(text) as T
}

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
