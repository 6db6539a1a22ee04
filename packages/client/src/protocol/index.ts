/**
 * The protocol both sides share: one definition of each phase, level, entry, event, parameter and
 * operation. Validation, the OpenAPI document and the clients' types all derive from it.
 */
export * from './cursor.js'
export * from './details.js'
export * from './entry.js'
export * from './events.js'
export * from './fleet.js'
export * from './launch-state.js'
export * from './levels.js'
export * from './node.js'
export * from './node-status.js'
export * from './operation.js'
export * from './operations.js'
export * from './phases.js'
export * from './plain.js'
export * from './queries.js'
export * from './routes.js'
export * from './schemas.js'
export * from './shorten.js'
export * from './stats.js'
export * from './time.js'
export * from './tunnel.js'
