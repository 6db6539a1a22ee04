const TITLE = /^(?:Job ID|Managed Job ID|Cluster name): \S/
const COMMAND = /^[├└]── To [^:]{1,80}:\s{1,40}\S/
/** After the commands for a job of a cluster come those for the cluster. */
const GOES_ON = /^Job ID: /
const MOST_LINES = 40

const HEADLINE = '📋 Useful Commands'

interface Shown {
  readonly message: string
  readonly details?: string
}

/**
 * Collects the block in which `sky` lists useful commands, so that it makes one entry. A line that
 * does not fit ends the block; what was collected then stands in that line's details.
 */
export function createCommandsBlock() {
  let title: string | undefined
  let collected: string[] | undefined
  return {
    take,
    /** True while lines are held back. */
    isOpen: () => collected !== undefined,
    /** The part of a block that was cut off by the end of the output. */
    end: () => (collected ? shown(HEADLINE) : undefined),
  }

  /** What to show for this message; undefined while it is collected. */
  function take(message: string): Shown | undefined {
    if (!collected) {
      if (message !== HEADLINE) return { message }
      collected = []
      title = undefined
      return undefined
    }
    if (message === '') return undefined
    if (TITLE.test(message)) title = message
    else if (!COMMAND.test(message)) {
      collected.unshift(HEADLINE)
      return shown(message)
    }
    collected.push(message.replace(/^[├└]── /, '').replace(/\t+| {2,}/, ' '))
    const isLast = message.startsWith('└') && !(title && GOES_ON.test(title))
    return isLast || collected.length >= MOST_LINES ? shown(HEADLINE) : undefined
  }

  function shown(message: string): Shown {
    const lines = collected ?? []
    collected = undefined
    return { message, ...(lines.length > 0 && { details: lines.join('\n') }) }
  }
}
