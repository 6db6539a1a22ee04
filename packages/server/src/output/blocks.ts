import type { Level } from '@launchtail/client/protocol'

/**
 * Lines that belong together: a traceback, a panic, a tree of reasons. JSON, since a launch's
 * evidence is stored between two of its lines.
 */
export interface Block {
  readonly kind: 'python' | 'frames' | 'tree' | 'lines'
  readonly level: Level
  /** How far its first line is indented. */
  readonly indent?: number
  /** The next line quotes the code of the frame before it. */
  readonly code?: true
  /** Its reason has been said; what is indented behind it is still part of it. */
  readonly told?: true
  /** It stands in a tree of reasons, such as a build's output in pip's complaint about it. */
  readonly inTree?: true
  /** Lines of others that came in between. */
  readonly strange?: number
}

export interface Placed {
  /** What the line is to the block. */
  readonly role: 'header' | 'inside' | 'link' | 'reason' | 'more' | 'none'
  readonly block: Block | undefined
}

/**
 * Where a line stands to the block before it, which may be over with it.
 */
export function placeLine(
  block: Block | undefined,
  message: string,
  own: Level | undefined,
): Placed {
  if (block === undefined && !OPENS.test(message)) return NONE
  if (TRACEBACK.test(message)) {
    const { block: python } = opened('python', message, own ?? levelBefore(block))
    const inTree = block?.kind === 'tree' || block?.inTree
    return { role: 'header', block: { ...(python as Block), ...(inTree && { inTree }) } }
  }
  if (LINK.test(message)) {
    return {
      role: 'link',
      block: { kind: 'python', level: own ?? levelBefore(block), indent: indentOf(message) },
    }
  }
  const inside = block && INSIDE[block.kind](block, message)
  if (inside) return inside
  if (PANIC.test(message)) {
    const { block: frames } = opened('frames', message, 'error')
    return { role: 'reason', block: { ...(frames as Block), told: true } }
  }
  if (HEADLINE.test(message)) {
    const { block: python } = opened('python', message, own ?? 'error')
    return { role: 'reason', block: { ...(python as Block), told: true } }
  }
  if (NATIVE.test(message)) return opened('frames', message, 'error')
  if (TREE.test(message))
    return {
      role: 'reason',
      block: { kind: 'tree', level: 'error', indent: indentOf(message), told: true },
    }
  return NONE
}

const NONE: Placed = { role: 'none', block: undefined }
/** Lines of other processes within a traceback that is waited on. */
const STRANGE = 8

/** Nearly no line opens a block, and of those that do each holds one of these. */
const OPENS =
  /Traceback \(|^During handling|^The above exception|panic|^fatal error: |^goroutine|^terminate called|validation errors? for|^Exception in thread|^\s{0,12}(?:×|[Ee]rror: )/

const TRACEBACK = /(?:^|[ :(])Traceback \(most recent call last\):$/
const LINK =
  /^\s{0,40}(?:During handling of the above exception|The above exception was the direct cause)/
const PANIC =
  /^(?:panic: |fatal error: |thread '.{1,100}' panicked at '|Exception in thread "[^"]{1,100}" )/
/** The reason stands in a line behind. */
const NATIVE = /^(?:thread '.{1,100}' panicked at |terminate called after throwing)/
/** An exception whose reasons are on the next lines, also where its traceback is left out. */
const HEADLINE = /^\S{1,200}: \d{1,6} validation errors? for \S{1,100}$/
const TREE = /^\s{0,12}(?:× |[Ee]rror: )\S/

const FRAME = /^\s{0,40}File "[^"]{1,400}", line \d/
const DIVIDES = /^\s{0,40}\+[+-]{1,4}-{4,80}(?: \d{1,4} -{4,80})?$/
const CARETS = /^[\s~^|+\d-]{1,400}$/
const NAME = /^\s{0,40}(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Za-z_]\w{0,63}(?:\([\w.]{1,80}\))?(?:: |:?$)/
const EXCEPTION = /^\s{0,40}(?:[A-Za-z_]\w{0,63}\.){0,12}[A-Z]\w{0,63}(?:: |:?$)/
const NATIVE_FRAME =
  /^(?:goroutine \d|\t|\s{0,40}at |\s{1,12}\d{1,4}: |[\w./*()[\]{}-]{1,300}\(.{0,300}\)$|created by |exit status \d|r\w{1,3} {1,8}0x|\[signal|note: run with|stack backtrace:|\s{0,8}\.\.\. \d{1,6} more|$)/
const NATIVE_REASON = /^(?:\s{1,8}what\(\): {1,4}\S|Caused by: \S|\S)/
const TREE_PART = /^(?:\s|$|[│╰├]|Caused by:|hint: |note: )/

const INSIDE: Record<Block['kind'], (block: Block, message: string) => Placed | undefined> = {
  python: inPython,
  frames: inFrames,
  tree(block, message) {
    if (!TREE_PART.test(message)) return undefined
    return { role: message.trim() === '' ? 'inside' : 'more', block }
  },
  lines: (block, message) => (/^\s{2}/.test(message) ? { role: 'inside', block } : undefined),
}

function inPython(block: Block, message: string): Placed | undefined {
  const indent = indentOf(message)
  if (block.told) {
    // The line between an exception group and one of its exceptions.
    if (DIVIDES.test(message)) return { role: 'inside', block }
    return indent > (block.indent ?? 0) ? { role: 'more', block } : undefined
  }
  const { code: _, ...rest } = block
  if (FRAME.test(message)) return { role: 'inside', block: { ...rest, code: true } }
  if (CARETS.test(message) || message === '') return { role: 'inside', block }
  // A traceback that lost its indentation, or its code.
  const isCode = block.code && !EXCEPTION.test(message)
  if (indent > (block.indent ?? 0) || isCode) return { role: 'inside', block: rest }
  if (NAME.test(message)) return { role: 'reason', block: { ...rest, told: true } }
  const strange = (block.strange ?? 0) + 1
  return strange > STRANGE ? undefined : { role: 'none', block: { ...block, strange } }
}

function inFrames(block: Block, message: string): Placed | undefined {
  if (NATIVE_FRAME.test(message)) return { role: 'inside', block }
  if (block.told || !NATIVE_REASON.test(message)) return undefined
  return { role: 'reason', block: { ...block, told: true } }
}

/** A traceback behind a warning is the warning's only where that tells of a failure. */
function levelBefore(block: Block | undefined): Level {
  if (!block) return 'error'
  return block.kind === 'lines' && !block.told ? 'error' : block.level
}

function opened(kind: Block['kind'], message: string, level: Level): Placed {
  return { role: 'header', block: { kind, level, indent: indentOf(message) } }
}

function indentOf(message: string): number {
  return message.length - message.trimStart().length
}
