import type { LogEntry } from '../protocol/entry.js'
import type { Expression, Term } from './expression.js'
import type { LaunchFacts } from './launch-facts.js'
import { comparisonTest } from './order-test.js'
import { createSubject, type Test } from './subject.js'
import { patternTest, wordsTest } from './text-test.js'

/** Decides whether an entry is found. Nothing else does: an index may only leave out others. */
export type Predicate = (entry: LogEntry, launch: LaunchFacts | undefined) => boolean

/** `now` is the time that `-2h`, `today` and the like are counted from, in ms since 1970. */
export function predicateOf(expression: Expression, { now }: { now: number }): Predicate {
  const test = testOf(expression, now)
  return (entry, launch) => test(createSubject(entry, launch))
}

function testOf(expression: Expression, now: number): Test {
  switch (expression.kind) {
    case 'all':
      return () => true
    case 'and': {
      const tests = expression.parts.map((part) => testOf(part, now))
      return (subject) => tests.every((test) => test(subject))
    }
    case 'or': {
      const tests = expression.parts.map((part) => testOf(part, now))
      return (subject) => tests.some((test) => test(subject))
    }
    case 'not': {
      const test = testOf(expression.part, now)
      return (subject) => !test(subject)
    }
    default:
      return termTest(expression, now)
  }
}

function termTest(term: Term, now: number): Test {
  switch (term.kind) {
    case 'words':
      return wordsTest(term)
    case 'pattern':
      return patternTest(term)
    case 'has':
      return (subject) => subject.textsOf(term.field).length > 0
    case 'is':
      return (subject) => subject.textsOf(term.field).some(({ whole }) => whole === term.value)
    case 'order':
      return comparisonTest(term, now)
  }
}
