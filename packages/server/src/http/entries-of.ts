import type { Operations, ParsedQuery } from '@launchtail/client/protocol'

/** Which entries of all nodes are looked for, beside those that the query finds. */
export function entriesOf({
  since,
  until,
  level,
  phase,
  node,
}: Pick<ParsedQuery<Operations['countLogs']>, 'since' | 'until' | 'level' | 'phase' | 'node'>) {
  return { now: Date.now(), since, until, levels: level, phase, nodes: node }
}
