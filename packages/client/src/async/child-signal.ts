/** A signal of one's own below others. */
export interface ChildSignal {
  readonly signal: AbortSignal
  /** Aborts this signal only. It is released, too. */
  abort(reason?: unknown): void
  /** Its parents let go of it. Call this when the work is over. */
  release(): void
}

/**
 * A signal that aborts as soon as one of its parents does, with that one's reason. `AbortSignal.any`
 * must not be used in its place: a long-lived parent keeps something of each signal made that way, and
 * the garbage collector may take a parent that is a timer before it fires.
 */
export function childSignal(...parents: readonly (AbortSignal | undefined)[]): ChildSignal {
  const controller = new AbortController()
  const above = parents.filter((parent) => parent !== undefined)
  const child = { signal: controller.signal, abort, release }
  const aborted = above.find((parent) => parent.aborted)
  if (aborted) controller.abort(aborted.reason)
  else for (const parent of above) adopt(parent, child)
  return child

  function abort(reason?: unknown): void {
    release()
    controller.abort(reason)
  }

  function release(): void {
    for (const parent of above) disown(parent, child)
  }
}

interface Family {
  readonly children: Set<ChildSignal>
  readonly onAbort: () => void
}

/** One listener for all children of a parent: Node warns of a leak where a signal has many. */
const families = new WeakMap<AbortSignal, Family>()

function adopt(parent: AbortSignal, child: ChildSignal): void {
  const family = families.get(parent) ?? found(parent)
  family.children.add(child)
}

function found(parent: AbortSignal): Family {
  const children = new Set<ChildSignal>()
  const onAbort = () => {
    for (const child of [...children]) child.abort(parent.reason)
  }
  const family = { children, onAbort }
  families.set(parent, family)
  parent.addEventListener('abort', onAbort, { once: true })
  return family
}

function disown(parent: AbortSignal, child: ChildSignal): void {
  const family = families.get(parent)
  if (!family?.children.delete(child) || family.children.size > 0) return
  families.delete(parent)
  parent.removeEventListener('abort', family.onAbort)
}
