const HEADER = /^📋 Useful Commands$/u
const TITLE = /^(?:Job ID|Managed Job ID|Cluster name): \S/
const COMMAND = /^[├└]── To [^:]{1,80}:\s{1,8}\S/
/** After the commands for a job of a cluster come those for the cluster. */
const GOES_ON = /^Job ID: /
const MOST_LINES = 40

/**
 * Collects the block in which `sky` lists useful commands, so that it makes one entry. A line that
 * does not fit ends the block; what was collected then stands in that line's details.
 */
export function createCommandsBlock() {
  let title: string | undefined
  let collected: string[] | undefined
  return { take }

  /** What to show for this message; undefined while it is collected. */
  function take(message: string): { message: string; details?: string } | undefined {
    if (!collected) {
      if (!HEADER.test(message)) return { message }
      collected = []
      title = undefined
      return undefined
    }
    if (message === '') return undefined
    if (TITLE.test(message)) title = message
    else if (!COMMAND.test(message)) return shown(message)
    collected.push(message.replace(/^[├└]── /, '').replace(/\t+/, ' '))
    const isLast = message.startsWith('└') && !(title && GOES_ON.test(title))
    return isLast || collected.length >= MOST_LINES ? shown('📋 Useful Commands') : undefined
  }

  function shown(message: string) {
    const lines = collected ?? []
    collected = undefined
    return { message, ...(lines.length > 0 && { details: lines.join('\n') }) }
  }
}
