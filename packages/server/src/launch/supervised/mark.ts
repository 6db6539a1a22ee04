import { basename } from 'node:path'

/**
 * The environment variable that every process of a launch inherits, whatever session it moves to. Its
 * value is the launch's id. It names no folder.
 */
const MARK = 'LAUNCHTAIL_LAUNCH'

/** The mark of the launch in this folder, as a part of an environment. */
export function markOf(folder: string): Readonly<Record<string, string>> {
  return { [MARK]: basename(folder) }
}

/** The same, as it stands in a process's environment. */
export function markText(folder: string): string {
  return `${MARK}=${basename(folder)}`
}
