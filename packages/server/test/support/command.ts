import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PROGRAM, TOKEN } from './processes.js'

export interface CommandOptions {
  env?: Record<string, string>
  /** All of its standard input. */
  input?: string
  /** Its standard input stays open. */
  open?: boolean
  /** The folder it is started in. */
  cwd?: string
}

export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams
  /** What it has said so far. */
  readonly out: { stdout: string; stderr: string }
  readonly ended: Promise<{ stdout: string; stderr: string; code: number | null }>
}

/** Starts the command as a user of that server would, with nothing of this process's settings. */
export function startCommand(
  url: string,
  args: readonly string[],
  { env = {}, input, open = false, cwd }: CommandOptions = {},
): RunningCommand {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...environment(url), ...env },
    cwd,
  })
  return watched(child, { input, open })
}

/** The same on a terminal of its own, so many columns wide. What it shows is all in `stdout`. */
export function startOnTerminal(
  url: string,
  args: readonly string[],
  { env = {}, columns = 100, open = false }: CommandOptions & { columns?: number } = {},
): RunningCommand {
  const quoted = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ')
  const command = `stty cols ${columns} rows 40; exec ${quoted}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...environment(url), TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
  })
  return watched(child, { open })
}

function environment(url: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    LAUNCHTAIL_URL: url,
    LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
  }
}

function watched(
  child: ChildProcessWithoutNullStreams,
  { input, open }: { input?: string | undefined; open: boolean },
): RunningCommand {
  const out = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out.stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    out.stderr += chunk
  })
  // One that has left takes no input any more.
  child.stdin.on('error', () => {})
  if (!open) child.stdin.end(input)
  const ended = once(child, 'close').then(([code]) => ({ ...out, code: code as number | null }))
  return { child, out, ended }
}
