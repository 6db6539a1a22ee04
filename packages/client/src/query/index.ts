/**
 * The query language: how a query is read, and which entries it finds. The server, the command and
 * the page all read queries by this module, so they agree.
 */
export { type Completions, complete } from './complete.js'
export type { Expression, Term } from './expression.js'
export type { LaunchFacts } from './launch-facts.js'
export { LIMITS } from './limits.js'
export type { Mark } from './marks.js'
export { type Predicate, predicateOf } from './predicate.js'
export { parseQuery, type Query } from './query.js'
export { QueryError } from './query-error.js'
