import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from './processes.js'

/** What is in the folder of a local launch. None of it holds a secret's value. */
export function filesOf(folder: string) {
  return {
    /** Where `setup` and `run` work. */
    work: join(folder, 'work'),
    /** All their output, without secrets; only ever added to. */
    output: join(folder, 'output.log'),
    /** What the supervisor itself complains of: empty, unless it is broken. */
    faults: join(folder, 'supervisor.log'),
    supervisor: join(folder, 'supervisor.json'),
    run: join(folder, 'run.json'),
    end: join(folder, 'end.json'),
  }
}

export type Files = ReturnType<typeof filesOf>

/** Who runs the launch. There once, for good: a launch is never started a second time. */
export interface Supervisor extends Identity {
  /** When it began to, in milliseconds since 1970. */
  readonly at: number
}

/** There as soon as `run` is started. */
export interface Run {
  readonly port: number
}

/** There when the launch is over and its last output is written. */
export interface End {
  readonly step: 'setup' | 'run'
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not even be started. */
  readonly fault?: string
  readonly at: string
}

/** The content of a file that is written as a whole, or undefined where it is not there yet. */
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

/** Writes a file so that a reader sees all of it or nothing. */
export function writeJson(file: string, value: object): void {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600 })
  renameSync(draft, file)
}

/** As `writeJson`, where the file is not there yet. False where somebody else was first. */
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
