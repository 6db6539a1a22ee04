import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { atEnd, end, temporaryFolder } from '../support/processes.js'

/** A part of bench/load that runs, and takes orders. */
export interface LoadProgram {
  readonly child: ChildProcess
  order(word: string): void
  /** The next thing of that kind that it says. */
  next<T>(phase: string): Promise<T>
}

const SOURCES = fileURLToPath(new URL('../../../../bench/load/', import.meta.url))

/** False where there is no compiler. */
export const hasCompiler = spawnSync('cc', ['--version']).status === 0

export async function startLoad(
  mode: 'follow' | 'balance',
  options: Readonly<Record<string, string | number>>,
): Promise<LoadProgram> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(await compiled(), [mode, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  atEnd(() => end(child))
  const waiting = new Map<string, (line: unknown) => void>()
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as { phase: string }
    waiting.get(line.phase)?.(line)
  })
  const left = once(child, 'exit')
  return {
    child,
    order: (word) => void child.stdin.write(`${word}\n`),
    next: <T>(phase: string) =>
      Promise.race([
        new Promise<T>((resolve) => waiting.set(phase, resolve as (line: unknown) => void)),
        left.then(([code]) => {
          throw new Error(`load ${mode} ended with ${code} before it said '${phase}'`)
        }),
      ]),
  }
}

let compiling: Promise<string> | undefined

function compiled(): Promise<string> {
  compiling ??= compile()
  return compiling
}

async function compile(): Promise<string> {
  const program = join(await temporaryFolder(), 'load')
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.c'))
  const flags = ['-std=c99', '-D_GNU_SOURCE', '-O2', '-o', program]
  execFileSync('cc', [...flags, ...files.map((name) => join(SOURCES, name))])
  return program
}
