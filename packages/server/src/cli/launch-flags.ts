import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { CliError } from './exit.js'
import { durationFlag } from './flags.js'
import { unreadable } from './unreadable.js'

/** Collects the values of a flag that may be given several times. */
export function collect(value: string, all: string[] = []): string[] {
  return [...all, value]
}

/** The flags of a command that launches a node and may wait for it. */
export function withWaiting(command: Command): Command {
  return command
    .option('--wait', 'show the log until the node is active or has failed')
    .addOption(
      durationFlag(
        '--timeout <time>',
        'with --wait: give up after this long without an entry',
        '15m',
      ),
    )
    .option('-q, --quiet', 'print only the node’s id; with --wait, the exit code tells the outcome')
}

/** A SkyPilot task from a file, or from standard input. */
export async function readTask(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** `NAME=value`, or `NAME` with its value in this environment. */
export function variable(text: string): [string, string] {
  const at = text.indexOf('=')
  return at === -1 ? fromEnvironment(text) : [text.slice(0, at), text.slice(at + 1)]
}

export function fromEnvironment(name: string): [string, string] {
  const value = process.env[name]
  if (value !== undefined) return [name, value]
  throw new CliError(`${name} has no value: it is not set in this environment`)
}
