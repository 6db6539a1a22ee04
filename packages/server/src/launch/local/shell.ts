import { existsSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'

/** Bash if it is installed, because tasks are written for it; else the system's shell. */
export function findShell(path = ''): string {
  const folders = [...path.split(delimiter), '/bin', '/usr/bin'].filter((folder) => folder !== '')
  const bash = folders.map((folder) => join(folder, 'bash')).find((file) => existsSync(file))
  return bash ?? '/bin/sh'
}

/**
 * The command that runs the script behind descriptor 3, which the shell's messages call `name`. That way
 * the script is neither on a command line, which everybody can read, nor in a file. Its standard output
 * and standard error are one stream, in order.
 */
export function commandFor(shell: string, name: string): [string, ...string[]] {
  const script =
    basename(shell) === 'bash'
      ? 'eval "$(</dev/fd/3)" 3<&- 2>&1'
      : // The descriptor cannot be closed here: the script is still being read from it.
        'exec 2>&1; . /dev/fd/3'
  return [shell, '-c', script, name]
}
