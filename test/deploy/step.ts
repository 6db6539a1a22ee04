import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Step {
  /** What is shown, as a sentence. */
  readonly name: string
  run(): Promise<void>
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  /** Milliseconds after which it is ended. */
  within?: number
}

/** Runs a command to its end, whatever that is. */
export function outcomeOf(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, within = 600_000 }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ cwd, env: { ...process.env, ...env } },
      ...{ timeout: within, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 * 1024 },
    }
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error ? error.code : 0
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(new Error(`${command}: ${error?.killed ? 'took too long' : error?.message}`))
    })
  })
}

/** What a command that must succeed prints. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { code, stdout, stderr } = await outcomeOf(command, args, options)
  if (code === 0) return stdout
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${tailOf(stdout + stderr)}`)
}

/** Throws a sentence that says what was expected. */
export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence)
}

function tailOf(text: string): string {
  return text.trimEnd().split('\n').slice(-30).join('\n')
}
