import type { Level } from '@launchtail/client/protocol'
import { type Block, placeLine } from '../blocks.js'
import { levelByGrammar } from '../levels.js'
import type { Peeled } from '../peel.js'

/** How many processes of one output are kept apart. */
const MOST_PLACES = 64

/** What follows is told, and the program goes on. */
const SURVIVED = /^(?:--- Logging error ---|Exception ignored (?:in|while)\b)/

/** Levels line by line: a line's own, else that of the block it belongs to, else by its grammar. */
export function createLevels() {
  /** By the process that wrote them: those of several come in between each other. */
  const blocks = new Map<string, Block>()
  let newest: string | undefined
  return { next }

  function next(peeled: Peeled): { level: Level; inBlock: boolean } {
    const { message, level: own, passedAs } = peeled
    const key = keyOf(peeled)
    const before = beforeThis(key)
    const { role, block } = placeLine(before, message, own)
    const inBlock = role !== 'none'
    const level = own ?? (inBlock && block ? block.level : graded(message, passedAs))
    remember(key, inBlock || block ? block : began(message, own), before)
    return { level, inBlock }
  }

  /** What a record announces follows at once; a traceback may have lines of others in between. */
  function beforeThis(key: string): Block | undefined {
    const block = blocks.size > 0 ? blocks.get(key) : undefined
    const interrupted = block?.kind === 'lines' && newest !== key
    newest = key
    return interrupted ? undefined : block
  }

  function remember(key: string, block: Block | undefined, before: Block | undefined): void {
    if (block === before) return
    if (!block) blocks.delete(key)
    else {
      if (blocks.size >= MOST_PLACES && !blocks.has(key)) blocks.delete(first(blocks) ?? '')
      blocks.set(key, block)
    }
  }
}

/** A warning that tells of a failure may bring its traceback along. */
const ANNOUNCES =
  /could ?n[o']t|cannot|can't|fail|unable|error|exception|ignor|skip|not available|unavailable|not supported|import|fall|^$|:$/i

function graded(message: string, passedAs: Level | undefined): Level {
  const level = levelByGrammar(message)
  return level === 'info' ? (passedAs ?? level) : level
}

/** A record of a serious level goes on in the indented lines behind it. */
function began(message: string, own: Level | undefined): Block | undefined {
  if (SURVIVED.test(message)) return { kind: 'lines', level: 'warn' }
  if (own !== 'warn' && own !== 'error') return undefined
  return {
    kind: 'lines',
    level: own,
    ...(own === 'warn' && ANNOUNCES.test(message) && { told: true }),
  }
}

function keyOf({ place }: Peeled): string {
  return `${place.container ?? ''} ${place.rank ?? ''} ${place.pid ?? ''}`
}

function first(blocks: Map<string, Block>): string | undefined {
  return blocks.keys().next().value
}
