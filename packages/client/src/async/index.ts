/** What waiting needs on both sides: deadlines that fire, and pauses between retries. */
export * from './back-off.js'
export * from './child-signal.js'
export * from './deadline.js'
