/** False only where no text that begins with this character can match the expression. */
export function mayBegin(source: string, first: string): boolean {
  let branches = BRANCHES.get(source)
  if (!branches) {
    branches = alternatives(source)
    BRANCHES.set(source, branches)
  }
  return branches.some((branch) => branchMayBegin(branch, first))
}

function branchMayBegin(branch: string, first: string): boolean {
  for (const [, atom = '', quantifier = ''] of branch.matchAll(ATOM)) {
    if (ZERO_WIDTH.test(atom)) continue
    const inside = GROUP.exec(atom)?.[1]
    if (inside === undefined ? accepts(atom, first) : mayBegin(inside, first)) return true
    if (!OPTIONAL.test(quantifier)) return false
  }
  return true
}

const BRANCHES = new Map<string, readonly string[]>()

/** Whether an atom of one character is this one. */
function accepts(atom: string, first: string): boolean {
  let when = ATOMS.get(atom)
  if (!when) {
    when = new RegExp(`^${atom}$`)
    ATOMS.set(atom, when)
  }
  return when.test(first)
}

const ATOMS = new Map<string, RegExp>()

const ESCAPE = String.raw`\\.`
const CLASS = String.raw`\[(?:\\.|[^\]])*\]`
/** A group (nested up to three deep), a class, an escape or a character, with what repeats it. */
const ATOM = new RegExp(
  String.raw`(${group(3)}|${CLASS}|${ESCAPE}|[^\\[(])([*+?]\??|\{[\d,]+\}\??)?`,
  'gs',
)
const ZERO_WIDTH = /^(?:\^|\$|\\b|\\B|\(\?<?[=!])/
const GROUP = /^\((?:\?:|\?<\w+>)?(.*)\)$/s
const OPTIONAL = /^(?:\?|\*|\{0)/

function group(depth: number): string {
  const inner = depth === 0 ? '' : `|${group(depth - 1)}`
  return String.raw`\((?:${ESCAPE}|${CLASS}|[^\\()[]${inner})*\)`
}

/** The parts between the `|` that stand in no group. */
function alternatives(source: string): string[] {
  const parts = ['']
  let depth = 0
  for (const [token] of source.matchAll(/\\.|\[(?:\\.|[^\]])*\]|[^\\[]/gs)) {
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
    if (token === '|' && depth === 0) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts
}
