/** What differs between two launches, for the page and the command line. */
export * from './align.js'
export * from './choose.js'
export * from './differences.js'
export * from './times.js'
