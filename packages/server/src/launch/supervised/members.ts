import {
  bearsMark,
  boot,
  bootOf,
  everyone,
  type Identity,
  type Listed,
  lookUp,
  startOf,
} from './process-table.js'

export interface Family {
  /** The supervisor, where it is known. */
  readonly leader: Identity | undefined
  /** The entry in the environment that its processes inherit. Only Linux shows it. */
  readonly mark?: string
  /** True where what a process starts belongs to the family too, wherever it moves. */
  readonly descendants?: boolean
}

/**
 * The living processes of a family: those of the session that its leader leads, also when they moved to a
 * process group of their own; those that bear its mark; and what these have started. `known` are members
 * that were found before: a program may overwrite its environment, and its parent may be gone by now.
 */
export function membersOf(family: Family, known: readonly Identity[] = []): Identity[] {
  const { leader, mark, descendants = false } = family
  // From an earlier boot: whatever has its number now is another process.
  if (leader && bootOf(leader.started) !== boot()) return []
  const living = [...everyone()].filter(({ dead }) => !dead)
  const before = new Map(known.map(({ pid, started }) => [pid, started]))
  const isLed = sessionOf(leader)
  const found = new Set(
    living.filter(
      (one) =>
        before.get(one.pid) === one.started ||
        isLed(one) ||
        (mark !== undefined && !isOlder(one, leader) && bearsMark(one.pid, mark)),
    ),
  )
  addRelated(found, living, descendants)
  return [...found]
}

/**
 * A session's processes are found even when its leader is gone, because its number is not reused while
 * one of them lives.
 */
function sessionOf(leader: Identity | undefined): (one: Listed) => boolean {
  if (!leader || !(leader.pid > 1)) return () => false
  const now = lookUp(leader.pid)
  if (now && now.started !== leader.started) return () => false
  return ({ session, group }) => session === leader.pid || group === leader.pid
}

function isOlder(one: Listed, leader: Identity | undefined): boolean {
  return leader !== undefined && startOf(one.started) < startOf(leader.started)
}

/** Adds the sessions that the found ones lead, and what they have started. */
function addRelated(found: Set<Listed>, living: readonly Listed[], descendants: boolean): void {
  for (let before = -1; before !== found.size; ) {
    before = found.size
    const pids = new Set([...found].map(({ pid }) => pid))
    for (const one of living) {
      if (pids.has(one.session) || (descendants && pids.has(one.parent))) found.add(one)
    }
  }
}
