/**
 * The parts of the language that an index is built on: the words of a text as they are stored, and the
 * demands of a query on them. An index may only leave out what the predicate would refuse.
 */
export { mayMatchLaunch } from './launch-test.js'
export { type Demand, demandOf, type Narrowing } from './narrow.js'
export { type TimeRange, timeRangeOf } from './time-range.js'
export { wordsOf } from './words-of.js'
