// Loaded into a server by `--require`, beside `--expose-gc`: it collects its garbage when told to.
const { isMainThread } = require('node:worker_threads')

if (isMainThread) process.on('SIGUSR2', () => globalThis.gc())
