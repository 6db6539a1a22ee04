/** So many logs stream at once: with the fleet's stream that leaves two connections to ask on. */
const AT_ONCE = 3

export interface Turn {
  /** Whether it is one of those that stream. */
  readonly live: () => boolean
  /** Puts it before all others. */
  first(): void
  leave(): void
}

interface Member {
  readonly onChange: () => void
}

export interface Turns {
  /** `onChange` is told whenever it becomes one of those that stream, or is one no more. */
  join(onChange: () => void): Turn
}

/** Which of the watched logs stream: those that were looked at last. */
export function createTurns(atOnce = AT_ONCE): Turns {
  const order: Member[] = []
  return { join }

  function join(onChange: () => void): Turn {
    const member = { onChange }
    change(() => order.unshift(member), member)
    return {
      live: () => order.slice(0, atOnce).includes(member),
      first() {
        if (order.includes(member)) change(() => order.unshift(...taken(member)))
      },
      leave: () => change(() => taken(member), member),
    }
  }

  /** Takes it out, if it is in. */
  function taken(member: Member): Member[] {
    const place = order.indexOf(member)
    return place < 0 ? [] : order.splice(place, 1)
  }

  function change(act: () => void, silent?: Member): void {
    const before = order.slice(0, atOnce)
    act()
    const after = order.slice(0, atOnce)
    for (const member of new Set([...before, ...after])) {
      if (member === silent || before.includes(member) === after.includes(member)) continue
      member.onChange()
    }
  }
}
