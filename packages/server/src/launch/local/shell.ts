import { existsSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'

/** The bash that is there, as tasks are written for it; else the system's shell. */
export function findShell(path = ''): string {
  const folders = [...path.split(delimiter), '/bin', '/usr/bin'].filter((folder) => folder !== '')
  const bash = folders.map((folder) => join(folder, 'bash')).find((file) => existsSync(file))
  return bash ?? '/bin/sh'
}

/**
 * The command that runs the script behind descriptor 3, called `name` in the shell's messages. So
 * the script is neither on a command line, where everybody can read it, nor in a file; and its two
 * outputs are one, in their order.
 */
export function commandFor(shell: string, name: string): [string, ...string[]] {
  const script =
    basename(shell) === 'bash'
      ? 'eval "$(</dev/fd/3)" 3<&- 2>&1'
      : // Closed for the script, the descriptor would be closed before it is read.
        'exec 2>&1; . /dev/fd/3'
  return [shell, '-c', script, name]
}
