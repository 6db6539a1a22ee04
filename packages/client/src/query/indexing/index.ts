/**
 * What an index needs to narrow a search: the words of a text as they are stored, and what a query
 * demands of them. An index may only leave out what the predicate would refuse; the predicate decides.
 */
export { mayMatchLaunch } from './launch-test.js'
export { type Demand, demandOf, type Narrowing } from './narrow.js'
export { type TimeRange, timeRangeOf } from './time-range.js'
export { wordsOf } from './words-of.js'
