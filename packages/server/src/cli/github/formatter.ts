import type { Phase } from '@launchtail/client'
import type { Formatter } from '../format/formatter.js'
import { command, harmless } from './commands.js'

/** Shows a log as GitHub Actions folds it: a group for each phase. What is said of its end comes later. */
export function githubFormatter(format: Formatter): Formatter {
  let open: Phase | undefined
  return {
    ...format,
    entry(entry, label) {
      const line = harmless(format.entry(entry, label))
      if (entry.phase === open) return line
      const before = open === undefined ? [] : [command('endgroup', '')]
      open = entry.phase
      return [...before, command('group', entry.phase), line].join('\n')
    },
    end: () => command('endgroup', ''),
  }
}
