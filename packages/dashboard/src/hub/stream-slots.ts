/** Three logs stream at once: with the fleet's stream, that leaves two connections for requests. */
const LIMIT = 3

/** One log's claim to a slot. */
export interface Slot {
  /** True while it is among those that stream. */
  isStreaming(): boolean
  /** Makes it the most recently used. */
  touch(): void
  release(): void
}

export interface StreamSlots {
  /** `onChange` is called whenever the log gains or loses its slot later. */
  acquire(onChange: () => void): Slot
}

interface Member {
  readonly onChange: () => void
}

/** Which of the open logs may stream: the most recently used ones. */
export function createStreamSlots(limit = LIMIT): StreamSlots {
  /** The most recently used first. */
  const members: Member[] = []
  return { acquire }

  function acquire(onChange: () => void): Slot {
    const member = { onChange }
    update(() => members.unshift(member), member)
    return {
      isStreaming: () => members.slice(0, limit).includes(member),
      touch() {
        if (members.includes(member)) update(() => members.unshift(...remove(member)))
      },
      release: () => update(() => remove(member), member),
    }
  }

  /** Removes a member, if it is still there. */
  function remove(member: Member): Member[] {
    const at = members.indexOf(member)
    return at < 0 ? [] : members.splice(at, 1)
  }

  /** Changes the order, and tells everyone whose slot came or went, except `silent`. */
  function update(change: () => void, silent?: Member): void {
    const before = members.slice(0, limit)
    change()
    const after = members.slice(0, limit)
    for (const member of new Set([...before, ...after])) {
      if (member === silent || before.includes(member) === after.includes(member)) continue
      member.onChange()
    }
  }
}
