import type { Expression } from '../expression.js'
import { fieldNamed } from '../fields.js'
import type { LaunchFacts } from '../launch-facts.js'
import { predicateOf } from '../predicate.js'

/** True if the query may find an entry of this launch: its fields alone do not rule all of them out. */
export function mayMatchLaunch(
  expression: Expression,
  now: number,
): (launch: LaunchFacts | undefined) => boolean {
  const decide = decisionOf(expression, now)
  return (launch) => decide(launch) !== false
}

/** Undefined where the entry decides. */
type Decision = (launch: LaunchFacts | undefined) => boolean | undefined

function decisionOf(expression: Expression, now: number): Decision {
  switch (expression.kind) {
    case 'all':
      return () => true
    case 'not': {
      const decide = decisionOf(expression.part, now)
      return (launch) => {
        const decided = decide(launch)
        return decided === undefined ? undefined : !decided
      }
    }
    case 'and':
    case 'or': {
      const settling = expression.kind === 'or'
      const parts = expression.parts.map((part) => decisionOf(part, now))
      return (launch) => {
        const decided = parts.map((decide) => decide(launch))
        if (decided.includes(settling)) return settling
        return decided.includes(undefined) ? undefined : !settling
      }
    }
    default: {
      const { field } = expression
      if (!field || fieldNamed(field)?.of !== 'launch') return () => undefined
      const test = predicateOf(expression, { now })
      return (launch) => test(NO_ENTRY, launch)
    }
  }
}

/** Tests of the launch do not look at it. */
const NO_ENTRY = { timestamp: '', level: 'info', message: '', phase: 'queued' } as const
